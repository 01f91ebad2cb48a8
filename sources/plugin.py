"""What a vendor's folder offers: everything the house needs to know of a source.

`sources/<vendor>/__init__.py` names one `PLUGIN`. A package outside this tree offers the same through the
entry point group `customer360.sources`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from sources.canonical.provenance import Origin
from sources.costs import UNDECLARED, CallBudget
from sources.faults import SourceFault
from sources.simulation.simulator import Loader, Simulator
from sources.wire.messages import Response, Sender


class SourceSettings(BaseModel):
    """What every [sources.NAME] section takes. A vendor adds its own keys; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    base_url: str
    customer_key: str
    fields: Mapping[str, str] = {}
    timeout_seconds: float = Field(4.0, gt=0, le=60)
    max_concurrency: int = Field(16, ge=1, le=256)
    requests_per_second: float | None = Field(None, gt=0)
    cache_seconds: float = Field(30.0, ge=0)
    stale_seconds: float = Field(3600.0, ge=0)
    read_only: bool = False
    allowed_hosts: tuple[str, ...] = ()
    """Hosts besides that of base_url to which a URL in the vendor's answer may lead."""

    @field_validator("base_url")
    @classmethod
    def _an_http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is not an http(s) URL, such as https://acme.example.com")
        return url.rstrip("/")

    def secrets(self) -> tuple[str, ...]:
        """The configured secrets, so that logs and errors can be held against them."""
        return ()


class Adapter(Protocol):
    """A vendor's adapter: it implements the protocols of capabilities.py that the vendor can serve."""

    origin: Origin

    async def check(self) -> tuple[str, ...]:
        """Reach the source with the configured credential; give what is to be mended, a sentence each.

        Raises a SourceFault where the source cannot be reached at all.
        """
        ...


class SourcePlugin(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor: how it is configured, built, simulated, and held against examples."""

    kind: str
    role: str  # "support" | "billing" | "erp" | "crm"
    mapping_version: int
    settings: type[SourceSettings]
    adapter: Callable[[Any, Origin, Sender], Adapter]  # (settings, origin, sender)
    classify: Callable[[Response], SourceFault | None]
    """The fault that an answer stands for, None where it is good. Decides what the wire retries."""
    simulator: Callable[[], Simulator]
    map_example: Callable[[str, bytes, Origin], Any]
    """(type, the vendor's JSON, origin) -> the canonical record or records of a golden example."""
    examples: Path
    optional_fields: tuple[str, ...] = ()
    """The names that `fields` may hold."""
    costs: CallBudget = UNDECLARED
    """What its questions cost in calls; undeclared: a call for each key."""
    loader: Callable[[Path], AbstractContextManager[Loader]] | None = None
    """Starts a real server whose data is kept in a directory; None where there is none to start."""
