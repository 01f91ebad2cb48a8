"""The configuration of a gateway: gateway.toml, over it the environment (C360_GATEWAY__PORT=8001).

Unknown sections and keys are refused. A section that is present is on.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.configuration.alerts import AlertsSection
from gateway.configuration.audit import AuditSection
from gateway.configuration.development import require_loopback
from gateway.configuration.limits import LimitsSection
from gateway.configuration.policy import PolicySection
from gateway.configuration.problems import Problem, SettingsError, problems_of
from gateway.configuration.reading import read_tables
from gateway.configuration.records import Records, read_records
from gateway.configuration.sections import (
    CacheSection,
    CorsSection,
    GatewaySection,
    IdentitySection,
    LedgerSection,
    MatchingSection,
    OperationsSection,
    TelemetrySection,
)
from gateway.configuration.sources import read_sources
from gateway.configuration.streams import StreamsSection
from mutations.governance.policy.cedar import CedarPolicy
from resolvers.views.standing import BadTable, StandingTable
from sources import registry
from sources.crosswalk.rules import CrosswalkSettings
from sources.plugin import SourceSettings
from sources.systems import ROLES_BY_KIND

__all__ = ["Problem", "Settings", "SettingsError", "load_settings"]


class Settings(BaseSettings):
    """Everything that an operator decides. `standing` is the decision table as written; None: the default table."""

    model_config = SettingsConfigDict(env_prefix="C360_", env_nested_delimiter="__", extra="forbid", frozen=True)

    gateway: GatewaySection = GatewaySection()
    operations: OperationsSection | None = None
    identity: IdentitySection
    sources: Mapping[str, Any] = {}
    records: Mapping[str, Any] = {}
    standing: Mapping[str, Any] | None = None
    matching: MatchingSection = MatchingSection()
    ledger: LedgerSection = LedgerSection()
    cache: CacheSection = CacheSection()
    limits: LimitsSection = LimitsSection()
    policy: PolicySection = PolicySection()
    cors: CorsSection = CorsSection()
    streams: StreamsSection = StreamsSection()
    alerts: AlertsSection = AlertsSection.model_validate({})
    audit: AuditSection = AuditSection()
    telemetry: TelemetrySection = TelemetrySection()

    @field_validator("sources")
    @classmethod
    def _each_by_its_connector(cls, sections: Mapping[str, Any]) -> dict[str, SourceSettings]:
        return read_sources(sections)

    @model_validator(mode="after")
    def _development_stays_here(self) -> "Settings":
        if self.identity.development:
            require_loopback(self.gateway.host, {name: source.base_url for name, source in self.sources.items()})
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @cached_property
    def systems_of_record(self) -> Records:
        """What [records] says; raises SettingsError where it names a source that is not configured."""
        return read_records(self.records, self.sources)

    @cached_property
    def crosswalk(self) -> CrosswalkSettings:
        """How records become customers: [matching], and the systems of record for customers."""
        records = self.systems_of_record
        try:
            return CrosswalkSettings(
                masters=records.systems.get("customer") or self._named_by_role("customer"),
                orders=records.fields,
                rules=self.matching.rules,
                link_confidence=self.matching.link_confidence,
                phone_region=self.matching.default_region,
            )
        except ValueError as error:
            raise SettingsError([Problem("matching", "rules", f"cannot be read: {error}")]) from None

    @cached_property
    def standing_table(self) -> StandingTable:
        """The decision table of [standing], or the packaged one."""
        if self.standing is None:
            return StandingTable.packaged()
        try:
            return StandingTable.read(self.standing)
        except BadTable as error:
            raise SettingsError([Problem("standing", "", f"cannot be read: {error}")]) from None

    @cached_property
    def write_policy(self) -> CedarPolicy:
        """Who may change what: the packaged policy, or that of [policy]."""
        return self.policy.read()

    def _named_by_role(self, kind: str) -> tuple[str, ...]:
        roles = {name: registry.plugin(source.kind).role for name, source in self.sources.items()}
        return tuple(name for wanted in ROLES_BY_KIND[kind] for name, role in roles.items() if role == wanted)

    def secrets(self) -> tuple[str, ...]:
        """Every configured secret, so that logs and errors can be held against them."""
        of_sources = (secret for source in self.sources.values() for secret in source.secrets())
        own = (self.audit.signing_key,) if self.audit.signing_key else ()
        return (*of_sources, *self.alerts.secrets(), *own)


def load_settings(path: Path) -> Settings:
    """The settings in a file. Relative paths in it start at its directory. Raises SettingsError."""
    tables = read_tables(path)
    try:
        settings = Settings(**tables)
        directory = path.parent.resolve()
        located = settings.model_copy(
            update={name: getattr(settings, name).located(directory) for name in ("gateway", "policy", "audit")}
        )
        _ = (
            located.crosswalk,
            located.standing_table,
            located.write_policy,
        )  # read now, so that what is wrong is said with the file
    except ValidationError as error:
        raise SettingsError(problems_of(error), str(path)) from None
    except SettingsError as error:
        raise SettingsError(error.problems, str(path)) from None
    return located
