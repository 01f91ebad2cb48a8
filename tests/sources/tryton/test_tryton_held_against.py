"""The simulator is held against a real Tryton: the same questions are answered in the same shapes."""

from typing import Any

import httpx
import pytest

from sources.capabilities import Window
from sources.simulation.serving import serving
from sources.tryton.real.loading import TrytonLoader
from sources.tryton.simulator import TrytonSimulator
from tests.sources.tryton.conftest import Ledger, opened
from tests.sources.tryton.small_ledger import HISTORY

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("tryton")]


async def everything(ledger: Ledger) -> None:
    """Ask for all that the adapter can ask for."""
    refs = [await ledger.ref(f"C-{n}") for n in range(1, 6)]
    adapter = ledger.adapter
    await adapter.customers_by_number(["C-1", "C-2", "C-3", "C-4", "C-5"])
    await adapter.customer_records(refs)
    await adapter.ledger_accounts(refs)
    await adapter.tax_contexts(refs)
    pages = await adapter.invoices_of(refs, Window())
    await adapter.credit_memos_of(refs, Window())
    await adapter.orders_of(refs, Window())
    await adapter.invoice_lines([record.provenance.record_id for page in pages.values() for record in page.records])
    await adapter.ledger_documents(["INV-01", "CR-01"])
    await adapter.customers_of_document("INV-01")
    await adapter.changes(None)
    assert [batch async for batch in adapter.scan_customers()]


def fields_of(ledger: Ledger) -> dict[str, dict[str, set[Any]]]:
    """For each model and field, the shapes in which its values came."""
    found: dict[str, dict[str, set[Any]]] = {}
    for path, _, answer in ledger.sent.exchanges:
        rows = answer if isinstance(answer, list) else []
        for row in rows:
            for key, value in row.items():
                found.setdefault(path, {}).setdefault(key, set()).add(kind_of(value))
    return found


def kind_of(value: Any) -> Any:
    """The keys of an object, the kind of a leaf. A list's items may be of several shapes: one need not show all."""
    if isinstance(value, list):
        return "list"
    if isinstance(value, dict):
        return frozenset((key, kind_of(inner)) for key, inner in value.items() if inner is not None)
    return "null" if value is None else "number" if type(value) in (int, float) else type(value).__name__


async def test_every_field_of_the_simulator_comes_as_the_real_one_gives_it(real_server: TrytonLoader) -> None:
    simulator = TrytonSimulator()
    for fact in HISTORY:
        simulator.absorb(fact)
    fields = {"parent_relation": "is subsidiary of"}
    async with serving(simulator.harness) as url, opened(simulator.section(url), simulator, fields=fields) as pretended:
        await everything(pretended)
    async with opened(real_server.section(), timeout_seconds=30) as genuine:
        await everything(genuine)
    said, known = fields_of(pretended), fields_of(genuine)
    assert {path: set(keys) for path, keys in said.items()} == {path: set(keys) for path, keys in known.items()}
    strange = {
        f"{path} {key}": shapes - known[path][key] - {"null"}
        for path, keys in said.items()
        for key, shapes in keys.items()
        if shapes - known[path][key] - {"null"} and known[path][key] != {"null"}
    }
    assert not strange


QUESTIONS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "an unknown field": ("party.party/search_read", {"domain": [], "fields_names": ["nope"]}, {}),
    "an unknown field in a domain": ("party.party/search_read", {"domain": [["nope", "=", 1]]}, {}),
    "an unknown model": ("no.such/search_read", {"domain": []}, {}),
    "a method that is not exposed": ("party.party/nope", {}, {}),
    "a key that is none": ("party.party/search_read", {"domain": []}, {"authorization": "bearer nope"}),
    "no key": ("party.party/search_read", {"domain": []}, {"authorization": ""}),
    "a field that cannot be searched": (
        "account.invoice/search_read",
        {"domain": [["lines_to_pay.maturity_date", "=", None]], "fields_names": ["id"]},
        {},
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_refusals_have_the_same_status_and_the_same_kind_of_body(name: str, real_server: TrytonLoader) -> None:
    simulator = TrytonSimulator()
    async with serving(simulator.harness) as url:
        answers = [await refused(section, name) for section in (simulator.section(url), real_server.section())]
    assert answers[0] == answers[1]


async def refused(section: dict[str, Any], name: str) -> tuple[int, str, str]:
    path, question, headers = QUESTIONS[name]
    sent = {"authorization": f"bearer {section['key']}", **headers}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        response = await client.post(f"{section['base_url']}/rest/model/{path}", json=question, headers=sent)
    return response.status_code, response.headers["content-type"], response.headers.get("connection", "")


async def test_a_credit_limit_is_told_only_in_the_context_of_the_company(real_server: TrytonLoader) -> None:
    simulator = TrytonSimulator()
    for fact in HISTORY:
        simulator.absorb(fact)
    async with serving(simulator.harness) as url:
        for section in (simulator.section(url), real_server.section()):
            fields: dict[str, str] = {}
            async with opened(section, fields=fields, timeout_seconds=30) as ledger:
                ref = await ledger.ref("C-1")
                ledger.adapter._client._headers.pop("x-tryton-context")
                ledger.adapter._client._company = await ledger.adapter._client.company()
                account = (await ledger.adapter.ledger_accounts([ref]))[ref]
                assert account.credit_limit is None
