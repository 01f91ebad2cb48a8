"""[policy]: the operator's own rules, in place of the packaged ones."""

from pathlib import Path

from gateway.configuration.problems import Problem, SettingsError
from gateway.configuration.sections import Section
from mutations.governance.policy.cedar import CedarPolicy, load_policy
from mutations.governance.policy.texts import BadPolicy


class PolicySection(Section):
    """[policy]. Without a directory the packaged policy is in force."""

    directory: Path | None = None

    def located(self, directory: Path) -> "PolicySection":
        """The same, a relative path taken from `directory`: that of the file that names it."""
        if self.directory is None:
            return self
        return self.model_copy(update={"directory": directory / self.directory})

    def read(self) -> CedarPolicy:
        """The policy in force. Raises SettingsError: file, line, what."""
        try:
            return load_policy(self.directory)
        except BadPolicy as error:
            raise SettingsError([Problem("policy", "directory", f"holds what cannot be used: {error}")]) from None
