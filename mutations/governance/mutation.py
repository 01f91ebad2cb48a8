"""What one mutation's folder declares: its command, the facts read live, its steps, and how each is carried out."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

import msgspec

from mutations.governance.plan import GovernedAction, PlannedStep
from sources.canonical.actor import Actor
from sources.canonical.money import Money
from sources.crosswalk.crosswalk import Crosswalk
from sources.systems import System, Systems
from sources.writing import Receipt


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. Its constructor refuses (INVALID_INPUT) what can never be right, whoever asks.

    Ids are the crosswalk's uids and the vendors' ids, never global ids; a frozen, JSON-encodable struct.
    """

    action: ClassVar[GovernedAction]

    @property
    def amount_moved(self) -> Money | None:
        """The gross amount; None where no money moves."""
        return None

    @property
    def stated_reason(self) -> str | None:
        """The reason as a word or a sentence, kept with the workflow."""
        return None


class Reading(msgspec.Struct, frozen=True):
    """What facts are read with. `ask_live` of the systems, never their cache."""

    systems: Systems
    crosswalk: Crosswalk
    now: datetime


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What was read live for a command. Each mutation adds its own fields.

    `attributes` is what the policy reads beside actor, amount and sums: flat JSON, no personal data, stored with the
    decision; names as in the mutation's Cedar schema. `cap`: what the customer may be credited in 30 days, where the
    action counts against it.
    """

    customer_uid: str
    attributes: Mapping[str, bool | int | str | list[str]]
    cap: Money | None = None
    credited_elsewhere: Money | None = None  # in 30 days, not by us


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What one step is carried out, undone or probed with. It holds no actor: rules were applied before."""

    workflow_uid: str
    step: PlannedStep
    key: str  # for the vendor's idempotency; stable over crashes, another after the vendor spent it
    reference: str  # names workflow and step in the vendor's record
    since: datetime  # when the step was first sent: its date is the booking date
    receipts: Mapping[str, Receipt]  # of every step that has one, by name
    system: System
    crosswalk: Crosswalk
    requested_by: str  # for texts that name who decided


class StepRole(Enum):
    """What is carried out of a step."""

    DO = "do"
    UNDO = "undo"
    LATE_UNDO = "late_undo"

    def name_of(self, step: str) -> str:
        """The name under which it is kept, e.g. "erp_post", "erp_post.undo"."""
        return step if self is StepRole.DO else f"{step}.{self.value}"


Do = Callable[[Call], Awaitable[Receipt]]
Probe = Callable[[Call], Awaitable[Receipt | None]]
Undo = Callable[[Call, Receipt], Awaitable[Receipt]]
Settle = Callable[[Call, Receipt], Awaitable[Receipt | None]]


class StepKind(msgspec.Struct, frozen=True, kw_only=True):
    """How a step of a name is carried out.

    Before the pivot steps can be undone; after it they are only carried forward. `probe` asks the vendor by reference;
    a "no" counts only `no_counts_after_seconds` after the last sending, and when it was given twice. `key_seconds`: how
    long the vendor knows the key, so that the same order may simply be sent again; 0: it has no keys, so look first.
    `settle` asks how a PENDING receipt stands now. `late_undo` takes this step back where the receipt of another step,
    once accepted, turns FAILED later on.
    """

    do: Do
    probe: Probe | None = None
    undo: Undo | None = None
    settle: Settle | None = None
    late_undo: Undo | None = None
    pivot: bool = False
    key_seconds: float = 0.0
    no_counts_after_seconds: float = 60.0
    deadline_seconds: float = 30.0
    attempts: int = 4  # of what surely was not done; then FAILED before the pivot, NEEDS_ATTENTION after it
    makes: str | None = None  # the canonical record's name of what it writes, e.g. "CreditMemo"
    optional: bool = False  # where it fails for good, the workflow goes on to its end, and a person is told


class Mutation(msgspec.Struct, frozen=True, kw_only=True):
    """One governed mutation, as its folder's `MUTATION` declares it."""

    action: GovernedAction
    command: type[Any]
    gather: Callable[[Any, Actor, Reading], Awaitable[Any]]
    """(command, actor, reading) -> Facts. Raises Refused, every reason at once."""
    steps: Callable[[Any, Any], tuple[PlannedStep, ...]]
    """(command, facts) -> what would be done, in order. Pure."""
    kinds: Mapping[str, StepKind]
    """How each step is carried out, by its name."""
    fields: Mapping[str, Any]
    """Its fields of the Mutation root, made by `resolvers.exposure.field`, by Python name."""
    queries: Mapping[str, Any] = {}
    """Its fields of the Query root, e.g. plan_issue_credit."""
    touched: Callable[[Any, Mapping[str, Receipt]], tuple[tuple[str, str], ...]] = lambda command, receipts: ()
    """Beside the customer itself: (source uid, record id) of what the cache must forget."""
