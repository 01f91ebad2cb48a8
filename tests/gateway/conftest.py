import pytest
from pydantic import Field

from sources import registry
from sources.canonical.provenance import Origin
from sources.plugin import SourcePlugin, SourceSettings


class DummySettings(SourceSettings):
    """A connector's settings as a vendor would write them."""

    customer_key: str = "number"
    api_key: str
    seats: int = Field(default=1, ge=1)

    def secrets(self) -> tuple[str, ...]:
        return (self.api_key,)


class DummyAdapter:
    """A source that answers its check."""

    def __init__(self, settings, origin: Origin, sender) -> None:
        self.settings, self.origin, self.sender = settings, origin, sender

    async def check(self) -> tuple[str, ...]:
        return ()


def dummy_plugin(kind: str, role: str) -> SourcePlugin:
    return SourcePlugin(
        kind=kind,
        role=role,
        mapping_version=1,
        settings=DummySettings,
        adapter=DummyAdapter,
        classify=lambda response: None,
        simulator=lambda: None,
        map_example=lambda type_, body, origin: None,
        examples=None,
        optional_fields=("credit_cap", "invoice_numbers"),
    )


@pytest.fixture
def dummies(monkeypatch):
    """Four connectors, one for each role, in place of the installed ones."""
    roles = ("support", "billing", "erp", "crm")
    plugins = {f"dummy{role}": dummy_plugin(f"dummy{role}", role) for role in roles}
    monkeypatch.setattr(registry, "installed", lambda: plugins)
    return plugins
