"""Where it gets narrow: batches, days that fit into no answer, modules that are missing, records that are odd."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from pydantic import ValidationError

from sources.canonical.erp import ErpAccount
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Window
from sources.faults import Busy, Malformed, NotOffered, Refused, Unavailable
from sources.simulation.facts import Fact
from sources.simulation.harness import Switches
from sources.simulation.serving import serving
from sources.tryton import TrytonSettings, lists
from sources.tryton.simulator import TrytonSimulator
from sources.wire.messages import Response
from tests.sources.tryton.conftest import Ledger, opened
from tests.sources.tryton.small_ledger import HISTORY, invoice, known, moment, ordered, paid

PARTY, INVOICE = "party.party/search_read", "account.invoice/search_read"


@dataclass
class Crowd:
    ledger: Ledger
    simulator: TrytonSimulator

    def absorb(self, *facts: Fact) -> None:
        for fact in facts:
            self.simulator.absorb(fact)

    async def refs(self, count: int) -> list[CustomerRef]:
        numbers = [f"N-{n}" for n in range(count)]
        self.absorb(*(known(number) for number in numbers))
        found = await self.ledger.adapter.customers_by_number(numbers)
        self.ledger.sent.exchanges.clear()
        return [found[number][0].ref for number in numbers]

    def row(self, model: str, **wanted: object) -> dict:
        rows = self.simulator.database.table(model).rows.values()
        return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    simulator = TrytonSimulator()
    async with serving(simulator.harness) as url, opened(simulator.section(url), simulator) as ledger:
        yield Crowd(ledger, simulator)


async def walked(ledger: Ledger, refs: list[CustomerRef]) -> tuple[dict[CustomerRef, list[str]], int]:
    """All invoices of each customer, window by window, and the number of windows."""
    found: dict[CustomerRef, list[str]] = {ref: [] for ref in refs}
    windows = 0
    for ref in refs:
        window: Window | None = Window()
        while window is not None:
            page = (await ledger.adapter.invoices_of([ref], window))[ref]
            found[ref] += [record.reference for record in page.records]
            window = Window(after=page.next) if page.next else None
            windows += 1
            assert windows < 200
    return found, windows


async def test_501_customers_cost_two_calls(crowd: Crowd) -> None:
    refs = await crowd.refs(501)
    assert len(await crowd.ledger.adapter.customer_records(refs)) == 501
    assert crowd.ledger.calls == [PARTY, PARTY]


async def test_101_customers_lists_cost_two_calls(crowd: Crowd) -> None:
    refs = await crowd.refs(101)
    await crowd.ledger.adapter.invoices_of(refs, Window())
    assert crowd.ledger.calls == [INVOICE, INVOICE]


async def test_a_long_history_is_walked_to_its_end_with_ties_and_without_repeats(crowd: Crowd) -> None:
    refs = await crowd.refs(2)
    for number in range(230):
        crowd.absorb(invoice("N-0", f"INV-{number}", number // 7), invoice("N-1", f"OTHER-{number}", number // 90))
    found, _ = await walked(crowd.ledger, refs)
    assert sorted(found[refs[0]]) == sorted(f"INV-{number}" for number in range(230))
    assert sorted(found[refs[1]]) == sorted(f"OTHER-{number}" for number in range(230))


async def test_many_customers_histories_that_do_not_fit_into_an_answer_lose_nothing(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "ROWS", 50)
    refs = await crowd.refs(8)
    for customer in range(8):
        crowd.absorb(*(invoice(f"N-{customer}", f"{customer}-{n}", n + customer * 3) for n in range(40)))
    found: dict[CustomerRef, list[str]] = {ref: [] for ref in refs}
    pending: dict[CustomerRef, Window] = dict.fromkeys(refs, Window())
    while pending:
        ref, window = pending.popitem()
        page = (await crowd.ledger.adapter.invoices_of([*refs], window))[ref]
        found[ref] += [record.reference for record in page.records]
        if page.next:
            pending[ref] = Window(after=page.next)
    for customer, ref in enumerate(refs):
        assert found[ref] == [f"{customer}-{n}" for n in reversed(range(40))]


async def test_a_day_with_more_than_an_answer_holds_is_read_on(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "ROWS", 20)
    refs = await crowd.refs(1)
    crowd.absorb(*(invoice("N-0", f"INV-{n}", 5) for n in range(50)), invoice("N-0", "OLD", 1))
    found, windows = await walked(crowd.ledger, refs)
    assert len(found[refs[0]]) == len(set(found[refs[0]])) == 51
    assert windows == 1


async def test_a_day_that_is_longer_than_five_answers_is_a_fault_and_not_a_loss(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "ROWS", 5)
    refs = await crowd.refs(1)
    crowd.absorb(*(invoice("N-0", f"INV-{n}", 5) for n in range(50)))
    with pytest.raises(NotOffered):
        await crowd.ledger.adapter.invoices_of(refs, Window())


async def test_drafts_come_among_the_others_by_the_moment_they_were_made(crowd: Crowd) -> None:
    refs = await crowd.refs(1)
    crowd.absorb(*(invoice("N-0", f"INV-{n}", n) for n in range(3)))
    draft = crowd.row("account.invoice", reference="INV-1")
    draft.update(state="draft", number=None, invoice_date=None)
    first = (await crowd.ledger.adapter.invoices_of(refs, Window()))[refs[0]].records
    assert [record.reference for record in first] == ["INV-2", "INV-1", "INV-0"]
    after = (await crowd.ledger.adapter.invoices_of(refs, Window(after=first[0].position)))[refs[0]].records
    assert [record.reference for record in after] == ["INV-1", "INV-0"]


async def test_a_malformed_party_spoils_only_its_own_key(crowd: Crowd) -> None:
    one, two = await crowd.refs(2)
    crowd.row("party.party", code="N-0")["active"] = "perhaps"
    answer = await crowd.ledger.adapter.customer_records([two])
    assert answer[two].number == "N-1"
    crowd.row("party.party", code="N-1")["name"] = 7
    crowd.row("party.party", code="N-0")["active"] = True
    answer = await crowd.ledger.adapter.customer_records([one, two])
    assert answer[one].number == "N-0"
    assert isinstance(answer[two], Malformed)


async def test_a_malformed_invoice_spoils_only_its_customers_list(crowd: Crowd) -> None:
    one, two = await crowd.refs(2)
    crowd.absorb(invoice("N-0", "INV-0", 1), invoice("N-1", "INV-1", 1))
    crowd.row("account.invoice", reference="INV-0")["state"] = None
    answer = await crowd.ledger.adapter.invoices_of([one, two], Window())
    assert isinstance(answer[one], Malformed)
    assert [record.reference for record in answer[two].records] == ["INV-1"]


async def test_an_amount_finer_than_its_currency_is_malformed_and_not_rounded(crowd: Crowd) -> None:
    one, two = await crowd.refs(2)
    crowd.absorb(invoice("N-0", "INV-0", 1), invoice("N-1", "INV-1", 1))
    crowd.row("account.invoice", reference="INV-0")["total_amount"] = Decimal("0.005")
    answer = await crowd.ledger.adapter.invoices_of([one, two], Window())
    assert isinstance(answer[one], Malformed)
    assert len(answer[two].records) == 1


async def test_without_dunning_the_hold_is_the_limits_alone(crowd: Crowd) -> None:
    (ref,) = await crowd.refs(1)
    crowd.absorb(known("N-0", at=moment(1), credit_hold=True))
    assert (await crowd.ledger.adapter.ledger_accounts([ref]))[ref].credit_hold is True
    crowd.simulator.missing.add("account.dunning")
    assert (await crowd.ledger.adapter.ledger_accounts([ref]))[ref].credit_hold is None
    crowd.simulator.missing.clear()
    crowd.simulator.forbidden.add("account.dunning")
    assert (await crowd.ledger.adapter.ledger_accounts([ref]))[ref].credit_hold is None
    assert any("account.dunning" in text for text in await crowd.ledger.adapter.check())


async def test_a_hold_that_ends_is_no_hold(crowd: Crowd) -> None:
    (ref,) = await crowd.refs(1)
    crowd.absorb(known("N-0", at=moment(1), credit_hold=True), known("N-0", at=moment(2)))
    assert (await crowd.ledger.adapter.ledger_accounts([ref]))[ref].credit_hold is False


async def test_a_module_that_is_missing_is_asked_for_once_and_then_left_out(crowd: Crowd) -> None:
    (ref,) = await crowd.refs(1)
    crowd.simulator.missing |= {"party.party.credit_limit_amount", "party.party.credit_amount"}
    for expected in (3, 1):  # two names are unlearned, one call each; then it is known
        crowd.ledger.sent.exchanges.clear()
        account = (await crowd.ledger.adapter.ledger_accounts([ref]))[ref]
        assert account.credit_limit is None
        assert crowd.ledger.calls.count(PARTY) == expected


async def test_without_sales_orders_are_not_offered_and_documents_are_still_found(crowd: Crowd) -> None:
    (ref,) = await crowd.refs(1)
    crowd.absorb(invoice("N-0", "INV-0", 1), ordered("N-0", "SO-0", 1, "confirmed"))
    crowd.simulator.missing.add("sale.sale")
    with pytest.raises(NotOffered, match="sale"):
        await crowd.ledger.adapter.orders_of([ref], Window())
    assert await crowd.ledger.adapter.customers_of_document("INV-0") == (ref,)
    assert (await crowd.ledger.adapter.changes(None)).watermark


async def test_a_change_within_the_overlap_is_told_once(crowd: Crowd) -> None:
    (ref,) = await crowd.refs(1)
    watermark = (await crowd.ledger.adapter.changes(None)).watermark
    crowd.ledger.sent.exchanges.clear()
    crowd.absorb(invoice("N-0", "INV-0", 1))
    first = await crowd.ledger.adapter.changes(watermark)
    assert sorted(crowd.ledger.calls) == [INVOICE, PARTY, "sale.sale/search_read"]
    assert [(change.kind, change.customer_ref) for change in first.changes] == [("Invoice", ref)]
    second = await crowd.ledger.adapter.changes(first.watermark)
    assert second.changes == ()
    late = msgspec.structs.replace(invoice("N-0", "LATE", 1), at=moment(1) - timedelta(minutes=4))
    crowd.absorb(late)  # of a transaction that began earlier and ended later
    third = await crowd.ledger.adapter.changes(second.watermark)
    assert [change.kind for change in third.changes] == ["Invoice"]


async def test_a_changed_address_is_a_change_of_its_customer(crowd: Crowd) -> None:
    (ref,) = await crowd.refs(1)
    watermark = (await crowd.ledger.adapter.changes(None)).watermark
    party = crowd.row("party.party", code="N-0")
    crowd.simulator.database.table("party.address").rows[party["addresses"][0]]["write_date"] = moment(3)
    crowd.simulator.database.table("party.party").touch({**party, "write_date": moment(3)})
    answer = await crowd.ledger.adapter.changes(watermark)
    assert [(change.kind, change.record_id, change.at) for change in answer.changes] == [
        ("customer", ref.id, moment(3))
    ]


async def test_more_changes_than_an_answer_holds_come_with_further_questions(crowd: Crowd) -> None:
    await crowd.refs(1)
    mark = (await crowd.ledger.adapter.changes(None)).watermark
    crowd.absorb(*(known(f"M-{n}", at=moment(1)) for n in range(1200)))
    told, sizes = set(), []
    for more in (True, True, False):
        answer = await crowd.ledger.adapter.changes(mark)
        assert answer.more is more
        sizes.append(len(answer.changes))
        told |= {change.record_id for change in answer.changes}
        mark = answer.watermark
    assert (sum(sizes), len(told)) == (1200, 1200)


async def test_a_watermark_of_somebody_else_is_refused(crowd: Crowd) -> None:
    with pytest.raises(Refused):
        await crowd.ledger.adapter.changes("2026-01-01")


async def test_numbers_may_be_kept_in_an_identifier() -> None:
    simulator = TrytonSimulator()
    simulator.absorb(known("C-1", tax_id="DE900000018"))
    section = simulator.section("http://unused") | {"customer_key": "party.identifiers.eu_vat"}
    async with serving(simulator.harness) as url, opened({**section, "base_url": f"{url}/acme"}) as ledger:
        (record,) = (await ledger.adapter.customers_by_number(["DE900000018"]))["DE900000018"]
        assert record.number == "DE900000018"
        assert record.tax_ids == ()
        assert ledger.calls == [PARTY]


async def test_an_archived_party_is_deleted_and_not_found_by_its_number(crowd: Crowd) -> None:
    (ref,) = await crowd.refs(1)
    crowd.row("party.party", code="N-0")["active"] = False
    assert (await crowd.ledger.adapter.customer_records([ref]))[ref].deleted
    assert (await crowd.ledger.adapter.customers_by_number(["N-0"]))["N-0"] == ()


async def test_one_failing_chunk_spoils_its_own_keys(crowd: Crowd) -> None:
    refs = await crowd.refs(501)
    crowd.simulator.harness.switches = Switches(status=500, times=3)  # the first chunk and its retries, side by side
    answer = await crowd.ledger.adapter.customer_records(refs)
    spoilt = [ref for ref in refs if isinstance(answer[ref], Unavailable)]
    assert len(spoilt) in (0, 1, 500)


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_key": "party.name"},
        {"customer_key": "party.identifiers."},
        {"company": 0},
        {"fields": {"tier": "drop table; --"}},
        {"credit": {"account": 1}},
        {"credit": {"account": 1, "journal": 1, "bogus": 1}},
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict) -> None:
    section = TrytonSimulator().section("http://127.0.0.1:1")
    with pytest.raises(ValidationError):
        TrytonSettings.model_validate({**section, **changes})


def test_the_key_is_no_part_of_what_is_printed() -> None:
    settings = TrytonSettings.model_validate(TrytonSimulator().section("http://127.0.0.1:1"))
    (secret,) = settings.secrets()
    assert secret not in repr(settings)


async def test_an_adapter_that_reads_one_answer_only_would_lose_records(crowd: Crowd) -> None:
    """The limit of an answer is real: who does not go on has not seen all."""
    (ref,) = await crowd.refs(1)
    crowd.absorb(*(invoice("N-0", f"INV-{n}", n) for n in range(150)))
    page = (await crowd.ledger.adapter.invoices_of([ref], Window()))[ref]
    assert len(page.records) == 100
    assert page.next is not None


async def test_the_same_facts_give_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        simulator = TrytonSimulator()
        for fact in HISTORY:
            simulator.absorb(fact)
        ids.append([sorted(table.rows) for table in simulator.database.tables.values()])
    assert ids[0] == ids[1]


async def test_what_is_paid_before_it_is_due_leaves_nothing_overdue(crowd: Crowd) -> None:
    refs = await crowd.refs(1)
    crowd.absorb(invoice("N-0", "EARLY", 3650), paid("N-0", "EARLY", 3, "20"))
    account = (await crowd.ledger.adapter.ledger_accounts(refs))[refs[0]]
    assert isinstance(account, ErpAccount)
    assert (account.receivable, account.overdue) == (Money(10000, "EUR"), Money(0, "EUR"))
    told = [row for path, _, rows in crowd.ledger.sent.exchanges if path == PARTY for row in rows]
    assert [row["receivable_today"]["decimal"] for row in told] == ["-20.00"]


def test_only_a_500_that_names_something_is_left_to_the_client() -> None:
    from sources.tryton.client import classify

    named = Response(status=500, headers={}, body=b"<p>&#39;nope&#39;</p>")
    other = Response(status=500, headers={}, body=b"<p>division by zero</p>")
    assert classify(named) is None
    assert isinstance(classify(other), Unavailable)
    assert isinstance(classify(Response(status=423, headers={}, body=b"")), Busy)
    assert isinstance(classify(Response(status=409, headers={}, body=b"")), Busy)
