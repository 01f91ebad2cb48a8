"""A simulated account with words to fill it, and adapters that read it over the real wire."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sources.canonical.provenance import CustomerRef, Origin
from sources.simulation.facts import BILLING, SUPPORT, CaseMoved, CaseOpened, CustomerKnown, PersonJoined, Place
from sources.wire.wire import open_wire
from sources.zendesk import PLUGIN
from sources.zendesk.adapter import ZendeskAdapter
from sources.zendesk.simulator import ZendeskSimulator
from sources.zendesk.simulator.records import id_of

NOW = datetime.now(UTC).replace(microsecond=0)
ORIGIN = Origin(system="support", kind="zendesk", uid="support-1", mapping_version=1)


class Shop:
    """A simulated account with words to fill it, and its adapter."""

    def __init__(self) -> None:
        self.simulator = ZendeskSimulator()
        self.base_url = ""
        self.adapter: ZendeskAdapter
        self.wires: list[Any] = []

    @property
    def account(self) -> Any:
        return self.simulator.account

    @property
    def switches(self) -> Any:
        return self.simulator.harness.switches

    def connect(self, **changes: Any) -> ZendeskAdapter:
        """An adapter of its own, with changed settings."""
        section = self.simulator.section(self.base_url) | changes
        section = {key: value for key, value in section.items() if value is not None}
        settings = PLUGIN.settings.model_validate(section)
        wire = open_wire("support", settings, PLUGIN.classify)
        self.wires.append(wire)
        return ZendeskAdapter(settings, ORIGIN, wire)

    async def warm(self) -> None:
        """Fetch the token and the statuses, so that counts begin at nothing."""
        await self.adapter._cases._statuses.by_id()
        self.forget()

    def forget(self) -> None:
        self.simulator.harness.calls.clear()

    def asked(self) -> list[str]:
        """The paths that were asked, without the base."""
        return [call.path.removeprefix("/api/v2/") for call in self.simulator.harness.calls]

    def customer(self, name: str, /, *, days: float = 700, **changes: Any) -> CustomerRef:
        """A customer with one person, known for so many days."""
        fields: dict[str, Any] = {
            "at": NOW - timedelta(days=days),
            "customer": name,
            "number": name,
            "name": f"{name} Ltd",
            "legal_name": f"{name} Limited",
            "systems": frozenset([SUPPORT, BILLING]),
            "keyed": frozenset([SUPPORT, BILLING]),
            "domain": f"{name.lower()}.example",
            "email": f"info@{name.lower()}.example",
            "phone": "+49301234567",
            "place": Place(line1="Weg 1", city="Berlin", postal_code="10115", country="DE"),
            "currency": "EUR",
            "industry": "Trade",
            "tier": "premium",
            "owner": "Olga Ott",
        }
        known = CustomerKnown(**(fields | changes))
        self.simulator.absorb(known)
        self.person(name)
        kind = "person" if known.person else "organization"
        return CustomerRef("user" if known.person else "organization", str(id_of(f"{kind}:{name}")))

    def person(self, customer: str, key: str = "1", *, at: datetime | None = None) -> str:
        """A person at a customer; gives the user's id."""
        self.simulator.absorb(
            PersonJoined(
                at=at or NOW - timedelta(days=600),
                customer=customer,
                key=f"{customer}-{key}",
                name=f"Pat {key} of {customer}",
                email=f"pat{key}@{customer.lower()}.example",
                role="Buyer",
            )
        )
        return str(id_of(f"user:{customer}-{key}"))

    def case(self, customer: str, key: int, *, at: datetime | None = None, **changes: Any) -> str:
        """A case, opened an hour for each of its number ago unless said otherwise."""
        fields: dict[str, Any] = {
            "at": at or NOW - timedelta(days=1, hours=key % 1000),
            "customer": customer,
            "key": str(key),
            "subject": f"Case {key}",
            "text": "It does not work.",
            "requester": f"{customer}-1",
            "assignee": "Ann Agent",
            "priority": "high",
            "channel": "email",
        }
        self.simulator.absorb(CaseOpened(**(fields | changes)))
        return str(key)

    def moved(self, customer: str, key: int, status: str, *, at: datetime, label: str | None = None) -> None:
        """A case in another status."""
        self.simulator.absorb(CaseMoved(at=at, customer=customer, key=str(key), status=status, custom_status=label))
