"""The sections of gateway.toml other than [sources.*] and [records]. Names carry their unit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sources.systems import ROLES_BY_KIND

SQLITE = "sqlite:///"
DATABASE_SCHEMES = ("sqlite", "postgresql")


class Section(BaseModel):
    """A section: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GatewaySection(Section):
    """[gateway]: where it listens, where it keeps its own tables, how long a request may take."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    database_url: str = "sqlite:///./c360.db"
    redis_url: str | None = None
    deadline_seconds: float = Field(default=5.0, gt=0, le=60)
    poll_seconds: float = Field(default=15.0, ge=1, le=3600)
    trusted_documents: Literal["off", "prefer", "only"] = "off"
    documents_dir: Path | None = None
    data_directory: Path = Path()
    plans: Literal["off", "second_sight", "at_once"] = "second_sight"

    @field_validator("database_url")
    @classmethod
    def _a_database(cls, url: str) -> str:
        if urlsplit(url).scheme not in DATABASE_SCHEMES:
            raise ValueError("is neither sqlite:///FILE nor postgresql://HOST/NAME")
        if url.startswith("sqlite") and url.removeprefix(SQLITE) in (url, "", ":memory:"):
            raise ValueError("names no file, such as sqlite:///./c360.db")
        return url

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("is not a URL such as redis://127.0.0.1:6379/0")
        return url

    @model_validator(mode="after")
    def _documents_somewhere(self) -> "GatewaySection":
        if (self.documents_dir is None) != (self.trusted_documents == "off"):
            raise ValueError("has only one of trusted_documents and documents_dir: set both, or neither")
        return self

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith(SQLITE)

    @property
    def sqlite_directory(self) -> Path | None:
        """The directory of the SQLite file; None on another database."""
        return Path(self.database_url.removeprefix(SQLITE)).parent if self.on_sqlite else None

    def located(self, directory: Path) -> "GatewaySection":
        """The same, relative paths taken from `directory`: that of the file that names them."""
        update: dict[str, object] = {"data_directory": directory / self.data_directory}
        if self.documents_dir is not None:
            update["documents_dir"] = directory / self.documents_dir
        if self.on_sqlite:
            update["database_url"] = SQLITE + str(directory / self.database_url.removeprefix(SQLITE))
        return self.model_copy(update=update)


class OperationsSection(Section):
    """[operations]: /metrics and the details of /readyz, away from the public port."""

    host: str = "127.0.0.1"
    port: int = Field(default=9090, ge=0, le=65535)


class IdentitySection(Section):
    """[identity]: whose tokens are taken, and which claims say what."""

    issuer: str | None = None
    audience: str = "urn:c360:gateway"
    roles_claim: str = "roles"
    human_claim: str = "email"
    tenant: str = "demo"
    tenant_claim: str = "tenant"
    development: bool = False

    @field_validator("issuer")
    @classmethod
    def _an_issuer(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "https://none")
        if not parts.hostname or not (parts.scheme == "https" or is_loopback(parts.hostname)):
            raise ValueError("is not an https URL (http is for loopback only)")
        return url

    @model_validator(mode="after")
    def _one_issuer(self) -> "IdentitySection":
        if self.development and self.issuer:
            raise ValueError("has both issuer and development = true: keep one of them")
        if not self.development and not self.issuer:
            raise ValueError("has no issuer: set issuer, or development = true on a developer's machine")
        if self.issuer and not {"audience", "tenant"} <= self.model_fields_set:
            raise ValueError("has an issuer but not both audience and tenant")
        return self


class CorsSection(Section):
    """[cors]: whose pages may ask from a browser. Nobody's, where nothing is listed."""

    allow_origins: tuple[str, ...] = ()
    allow_credentials: bool = False

    @field_validator("allow_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}".lower():
                raise ValueError(f"has {origin!r}, which is no origin such as https://portal.example.com")
        return origins


class MatchingSection(Section):
    """[matching]: how sure the rules must be before records count as one customer."""

    link_confidence: float = Field(default=0.8, gt=0, le=1)
    default_region: str | None = Field(default=None, pattern="^[A-Z]{2}$")
    rules: Mapping[str, float] = {}


class LedgerSection(Section):
    """[ledger]: for how long an invoice may be missing there before that is a finding."""

    posting_lag_seconds: float = Field(default=86_400, ge=0)


class CacheSection(Section):
    """[cache]: how many records are kept in memory; by kind for how long, where a source's own time does not fit."""

    entries: int = Field(default=50_000, ge=100)
    seconds: Mapping[str, Annotated[float, Field(ge=0)]] = {}

    @field_validator("seconds")
    @classmethod
    def _kinds(cls, seconds: Mapping[str, float]) -> Mapping[str, float]:
        if unknown := sorted(seconds.keys() - ROLES_BY_KIND.keys()):
            raise ValueError(f"names {unknown[0]}, which is no kind of record; there are {', '.join(ROLES_BY_KIND)}")
        return seconds


class TelemetrySection(Section):
    """[telemetry]: how much is logged, and where traces go."""

    otlp_endpoint: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def is_loopback(host: str | None) -> bool:
    """True for the names and addresses that never leave this machine."""
    name = (host or "").strip("[]").lower()
    return name in ("localhost", "::1") or (name.startswith("127.") and name.replace(".", "").isdigit())
