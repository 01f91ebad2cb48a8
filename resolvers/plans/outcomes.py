"""What ends a plan before its answer; graphql-core executes the operation then."""


class Uncovered(Exception):
    """The operation has something that plans do not cover. `reason` is a word for the metric."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Bail(Exception):
    """A value is not what its field promises, or a resolver failed in a way that is not a fault of a source."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
