"""A simulated organization with words to fill it, and adapters that read it over the real wire."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sources.canonical.provenance import CustomerRef, Origin
from sources.salesforce import PLUGIN
from sources.salesforce.adapter import SalesforceAdapter
from sources.salesforce.simulator import SalesforceSimulator
from sources.simulation.facts import CRM, ContractSigned, CustomerKnown, OpportunityMoved, PersonJoined, Place
from sources.wire.wire import open_wire

NOW = datetime.now(UTC).replace(microsecond=0)


def just_now() -> float:
    """The `days` of this very moment: the suite may have run for minutes since NOW."""
    return (NOW - datetime.now(UTC)) / timedelta(days=1)


ORIGIN = Origin(system="crm", kind="salesforce", uid="crm-1", mapping_version=1)


class Org:
    """A simulated organization and its adapter."""

    def __init__(self) -> None:
        self.simulator = SalesforceSimulator()
        self.base_url = ""
        self.adapter: SalesforceAdapter
        self.wires: list[Any] = []

    @property
    def data(self) -> Any:
        return self.simulator.organization

    @property
    def rest(self) -> Any:
        return self.simulator.rest

    @property
    def switches(self) -> Any:
        return self.simulator.harness.switches

    def connect(self, **changes: Any) -> SalesforceAdapter:
        """An adapter of its own, with changed settings; None takes a key out."""
        section = self.simulator.section(self.base_url) | changes
        settings = PLUGIN.settings.model_validate({k: v for k, v in section.items() if v is not None})
        wire = open_wire("crm", settings, PLUGIN.classify)
        self.wires.append(wire)
        return SalesforceAdapter(settings, ORIGIN, wire)

    async def warm(self) -> None:
        """Fetch the token, so that counts begin at nothing."""
        await self.adapter._client._session.token()
        self.forget()

    def forget(self) -> None:
        self.simulator.harness.calls.clear()

    def paths(self) -> list[str]:
        """What was asked, without the base."""
        return [call.path.removeprefix("/services/") for call in self.simulator.harness.calls]

    def count(self) -> int:
        """How many calls there were."""
        return len(self.simulator.harness.calls)

    def customer(self, name: str, *, days: float = 700, **changes: Any) -> CustomerRef:
        """A customer with an account."""
        fields: dict[str, Any] = {
            "at": NOW - timedelta(days=days),
            "customer": name,
            "number": name,
            "name": f"{name} Works",
            "legal_name": f"{name} Works GmbH",
            "systems": frozenset([CRM]),
            "keyed": frozenset([CRM]),
            "domain": "works.example",
            "email": "office@works.example",
            "phone": "+4930231250",
            "place": Place(line1="1 Mill Lane", city="Berlin", postal_code="10117", country="DE"),
            "currency": "EUR",
            "industry": "Software",
            "tier": "premium",
            "owner": "Thea Malling",
            **changes,
        }
        self.simulator.absorb(CustomerKnown(**fields))
        account = self.data.account_id(name)
        return CustomerRef("Account", account or "")

    def person(self, customer: str, key: str, *, days: float = 100, **changes: Any) -> None:
        fields = {"name": f"Person {key}", "email": f"{key}@works.example", "role": "IT Manager", **changes}
        self.simulator.absorb(PersonJoined(at=NOW - timedelta(days=days), customer=customer, key=key, **fields))

    def contract(self, customer: str, number: str, *, days: float = 100, **changes: Any) -> None:
        at = NOW - timedelta(days=days)
        fields: dict[str, Any] = {"start": at.date(), "months": 24, "currency": "EUR", **changes}
        self.simulator.absorb(ContractSigned(at=at, customer=customer, number=number, **fields))

    def sale(self, customer: str, key: str, *, days: float = 100, **changes: Any) -> None:
        at = NOW - timedelta(days=days)
        fields: dict[str, Any] = {
            "name": f"Sale {key}",
            "stage": "Proposal",
            "amount": Decimal("8000.50"),
            "currency": "EUR",
            "close_date": NOW.date(),
            "owner": "Thea Malling",
            **changes,
        }
        self.simulator.absorb(OpportunityMoved(at=at, customer=customer, key=key, **fields))

    def filled(self, count: int) -> list[CustomerRef]:
        """So many customers, each with a contact, a contract and a sale."""
        refs = []
        for place in range(count):
            name = f"C-{place:06}"
            refs.append(self.customer(name))
            self.person(name, f"P{place}")
            self.contract(name, f"{place:08}")
            self.sale(name, f"O{place}")
        return refs
