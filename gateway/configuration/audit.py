"""[audit]: who looked at what, and who signs for the log."""

from pathlib import Path

from pydantic import Field, field_validator, model_validator

from gateway.configuration.places import why_not
from gateway.configuration.sections import Section
from mutations.governance.audit.keys import BadKey, signing_key


class AuditSection(Section):
    """[audit]. What is asked, decided and done is always recorded."""

    reads: bool = True
    """Whether looking at PERSONAL, FINANCIAL and TAX fields is recorded too."""
    signing_key: str | None = None
    """Signs the checkpoints: an Ed25519 key, PEM or base64 of its 32 bytes. The development issuer's gateway has one
    in the data directory."""
    checkpoint_file: Path | None = None
    """Where the checkpoints go: a place that who runs the database cannot change."""
    checkpoint_url: str | None = None
    """Where each is posted to besides, as text: a place of the auditor's. https; a failure is tried again."""
    checkpoint_hosts: frozenset[str] = frozenset()
    """Hosts of it that may be private or loopback."""
    checkpoint_events: int = Field(default=1000, ge=1)
    """A checkpoint is made after so many events,"""
    checkpoint_seconds: float = Field(default=60.0, ge=1, le=86_400)
    """or so long after the one before, if there were any."""

    @field_validator("signing_key")
    @classmethod
    def _a_key(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                signing_key(text)
            except BadKey as error:
                raise ValueError(str(error)) from None
        return text

    @model_validator(mode="after")
    def _a_public_place(self) -> "AuditSection":
        if self.checkpoint_url is not None and (problem := why_not(self.checkpoint_url, self.checkpoint_hosts)):
            raise ValueError(f"has a checkpoint_url that {problem.replace('in allow', 'in checkpoint_hosts')}")
        return self

    def located(self, directory: Path) -> "AuditSection":
        """The same, a relative path taken from `directory`: that of the file that names it."""
        if self.checkpoint_file is None:
            return self
        return self.model_copy(update={"checkpoint_file": directory / self.checkpoint_file})
