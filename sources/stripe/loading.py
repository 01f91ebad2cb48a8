"""Loads facts of the world into localstripe, a real server that plays Stripe, over its HTTP interface.

localstripe 1.15.10 makes invoices of a running subscription only, and gives the day of loading to all it makes. So a
customer's subscription begins on a plan that costs nothing, which carries the invoices, and is then moved to its own
plan; and the times are set afterwards, which the server allows where the request's body is JSON.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec

from sources.faults import Refused, Unavailable
from sources.simulation import facts
from sources.simulation.facts import BILLING, Fact
from sources.simulation.real.localstripe import keep_state, localstripe
from sources.simulation.world.amounts import net_of
from sources.stripe.loading_plan import CustomerPlan, InvoicePlan, plan_of
from sources.stripe.money import stripe_exponent

KEY = "sk_test_localstripe"  # the server takes any that begins with sk_
AT_ONCE = 4  # customers; the server does one thing at a time, this keeps it from waiting for us
TIMEOUT_SECONDS = 30.0
INVOICE_NUMBER = "invoice_number"
GOOD, DECLINED, UNFINISHED = "4242424242424242", "4000000000000341", "4000002500003155"  # Source: Stripe, Testing
NO_TRIAL = "month"
READ_TRIES = 3  # another localstripe may write at the moment in which this one reads
KEEP_TRIES = 10  # another localstripe may write at the same moment; without the state the next start loads again
STATE_FILE, LOADED_FILE = "localstripe.pickle", "loaded.json"


class Loaded(msgspec.Struct, frozen=True):
    """What was loaded into a server whose state is kept."""

    mark: str  # the id of a product that only this state has
    left_out: list[str]


@contextmanager
def loader(directory: Path) -> Iterator["Loading"]:
    """A running localstripe to be loaded, once; what it holds then, and at its end, is kept in `directory`."""
    loaded = _loaded(directory)
    if loaded is not None:
        for _ in range(READ_TRIES):
            with localstripe(kept=directory / STATE_FILE) as base_url:
                if _holds(base_url, loaded.mark):
                    yield Loading(base_url, directory, loaded=loaded)
                    _keep_at_its_end(base_url, directory, loaded)
                    return
        (directory / LOADED_FILE).unlink()
    with localstripe() as base_url:
        loading = Loading(base_url, directory)
        yield loading
        if loading.loaded is not None:
            _keep_at_its_end(base_url, directory, loading.loaded)


def _keep_at_its_end(base_url: str, directory: Path, loaded: Loaded) -> None:
    with suppress(httpx.TransportError):  # it is gone already: what was kept before stays
        _keep(base_url, directory, loaded.left_out)


def _keep(base_url: str, directory: Path, left_out: list[str]) -> Loaded | None:
    """Keep what the server holds; None where another localstripe always wrote in between.

    It writes its state when something is made, so a mark is, by which the state is known for its own.
    """
    for _ in range(KEEP_TRIES):
        loaded = Loaded(f"loaded_{uuid.uuid4().hex}", left_out)
        product = {"id": loaded.mark, "name": "Loaded", "type": "service"}
        answer = httpx.post(f"{base_url}/v1/products", json=product, auth=(KEY, ""), timeout=TIMEOUT_SECONDS)
        if answer.is_success and keep_state(directory / STATE_FILE, loaded.mark):
            (directory / LOADED_FILE).write_bytes(msgspec.json.encode(loaded))
            return loaded
    return None


def _loaded(directory: Path) -> Loaded | None:
    if not (directory / LOADED_FILE).is_file():  # it is written last
        return None
    return msgspec.json.decode((directory / LOADED_FILE).read_bytes(), type=Loaded)


def _holds(base_url: str, mark: str) -> bool:
    answer = httpx.get(f"{base_url}/v1/products/{mark}", auth=(KEY, ""), timeout=TIMEOUT_SECONDS)
    return answer.is_success


class Loading:
    """Implements Loader for a localstripe server at `base_url`, whose state is kept in `directory` where one is given.

    `loaded`: the server holds this already.
    """

    def __init__(self, base_url: str, directory: Path | None = None, *, loaded: Loaded | None = None) -> None:
        self._base_url = base_url
        self._directory = directory
        self.loaded = loaded
        self._made: dict[str, asyncio.Task[Any]] = {}

    def section(self) -> dict[str, Any]:
        """The [sources.NAME] section for this server."""
        return {
            "kind": "stripe",
            "base_url": self._base_url,
            "api_key": KEY,
            "fields": {"invoice_number": f"metadata.{INVOICE_NUMBER}"},
        }

    async def absorb_all(self, history: Sequence[Fact], progress: Callable[[int, int], None]) -> list[str]:
        """Load what the server can hold; gives what was left out, a sentence each. Raises SourceFaults."""
        if self.loaded is not None:
            return self.loaded.left_out
        plan = plan_of(history)
        total, done = sum(customer.steps for customer in plan.customers), 0
        gate = asyncio.Semaphore(AT_ONCE)

        def step() -> None:
            nonlocal done
            done += 1
            progress(done, total)

        async def load(customer: CustomerPlan) -> None:
            async with gate:
                await self._customer(client, customer, step)

        async with httpx.AsyncClient(base_url=self._base_url, auth=(KEY, ""), timeout=TIMEOUT_SECONDS) as client:
            await asyncio.gather(*(load(customer) for customer in plan.customers))
        if self._directory is not None:
            self.loaded = await asyncio.to_thread(_keep, self._base_url, self._directory, plan.left_out)
        return plan.left_out

    async def _customer(self, client: httpx.AsyncClient, plan: CustomerPlan, step: Callable[[], None]) -> None:
        id = (await _post(client, "customers", **_customer_body(plan.fact)))["id"]
        await _post(client, f"customers/{id}", created=int(plan.fact.at.timestamp()))
        step()
        if not plan.invoices and not plan.subscriptions:
            return
        wallet = _Wallet(client, id)
        await wallet.use(GOOD)
        currency = plan.invoices[0].fact.currency if plan.invoices else plan.subscriptions[0].currency
        interval = plan.subscriptions[0].interval if plan.subscriptions else NO_TRIAL
        first = plan.subscriptions[0] if plan.subscriptions else None
        for invoice in plan.void_invoices:  # to void an invoice ends the subscription that it is of
            await self._carrier(client, id, currency, interval, None)
            await self._invoice(client, id, wallet, invoice)
            step()
        carrier = await self._carrier(client, id, currency, interval, first)
        for invoice in plan.other_invoices:
            await self._invoice(client, id, wallet, invoice)
            step()
        await wallet.use(GOOD)
        if first is None:
            await _delete(client, f"subscriptions/{carrier}")
        for place, subscription in enumerate(plan.subscriptions):
            of = subscription
            own = carrier if place == 0 else await self._carrier(client, id, of.currency, of.interval, of)
            await self._subscription(client, own, of)
            step()

    async def _carrier(
        self,
        client: httpx.AsyncClient,
        customer: str,
        currency: str,
        interval: str,
        of: facts.SubscriptionChanged | None,
    ) -> str:
        """A running subscription to a plan that costs nothing."""
        plan = await self._plan(client, "Account", 0, currency, interval)
        start = {"backdate_start_date": int(of.started_at.timestamp())} if of else {}
        items = [{"plan": plan, "quantity": 1}]
        return str((await _post(client, "subscriptions", customer=customer, items=items, **start))["id"])

    async def _subscription(self, client: httpx.AsyncClient, id: str, fact: facts.SubscriptionChanged) -> None:
        amount = _units(fact.unit_amount, fact.currency)
        plan = await self._plan(client, fact.plan, amount, fact.currency, fact.interval)
        await _post(client, f"subscriptions/{id}", items=[{"plan": plan, "quantity": fact.quantity}])
        if fact.cancel_at:
            await _post(client, f"subscriptions/{id}", cancel_at=int(fact.cancel_at.timestamp()))
        if fact.status == "canceled":
            await _delete(client, f"subscriptions/{id}")

    async def _invoice(self, client: httpx.AsyncClient, customer: str, wallet: "_Wallet", plan: InvoicePlan) -> None:
        fact = plan.fact
        for line in fact.lines:
            rates = [await self._tax_rate(client, line.tax_rate)] if line.tax_rate else []
            amount = _units(net_of(line, fact.currency), fact.currency)
            await _post(client, "invoiceitems", customer=customer, amount=amount, currency=fact.currency.lower(),
                        description=line.description, tax_rates=rates)  # fmt: skip
        id, at = (await _post(client, "invoices", customer=customer))["id"], int(fact.at.timestamp())
        await _post(client, f"invoices/{id}", metadata={INVOICE_NUMBER: fact.number}, created=at, date=at)
        charges = [(attempt, DECLINED) for attempt in plan.failed] + ([(plan.paid, GOOD)] if plan.paid else [])
        moments = {"finalized_at": at, "paid_at": None, "voided_at": None}
        charge = None
        for attempt, card in charges:
            await wallet.use(card)
            charge = (await _post(client, f"invoices/{id}/pay"))["charge"]["id"]
            await _post(client, f"charges/{charge}", created=int(attempt.at.timestamp()))
        if not charges:
            await wallet.use(UNFINISHED)
            await _post(client, f"invoices/{id}/pay")
        if plan.void:
            moments["voided_at"] = (await _post(client, f"invoices/{id}/void"))["created"]
        if plan.paid:
            moments["paid_at"] = int(plan.paid.at.timestamp())
        await _post(client, f"invoices/{id}", status_transitions=moments)
        for refund in plan.refunds:
            amount, when = _units(refund.amount, refund.currency), int(refund.at.timestamp())
            made = await _post(client, "refunds", charge=charge, amount=amount)
            await _post(client, f"refunds/{made['id']}", created=when)

    async def _plan(self, client: httpx.AsyncClient, name: str, amount: int, currency: str, interval: str) -> str:
        id = f"{name}-{amount}-{currency}-{interval}".lower().replace(" ", "-")
        body = {"id": id, "name": name, "amount": amount, "currency": currency.lower(), "interval": interval}
        return str((await self._once(id, lambda: _post(client, "plans", **body)))["id"])

    async def _tax_rate(self, client: httpx.AsyncClient, rate: Decimal) -> str:
        body = {"display_name": "Tax", "percentage": str(rate), "inclusive": False}
        return str((await self._once(f"tax {rate}", lambda: _post(client, "tax_rates", **body)))["id"])

    async def _once(self, key: str, make: Callable[[], Any]) -> Any:
        """What is shared by customers, made by the first who needs it."""
        if key not in self._made:
            self._made[key] = asyncio.ensure_future(make())
        return await self._made[key]


class _Wallet:
    """The cards of one customer; the next payment is made with the one that was last used."""

    def __init__(self, client: httpx.AsyncClient, customer: str) -> None:
        self._client, self._customer = client, customer
        self._cards: dict[str, str] = {}
        self._in_use: str | None = None

    async def use(self, number: str) -> None:
        if self._in_use == number:
            return
        if number not in self._cards:
            card = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
            method = (await _post(self._client, "payment_methods", type="card", card=card))["id"]
            await _post(self._client, f"payment_methods/{method}/attach", customer=self._customer)
            self._cards[number] = method
        settings = {"default_payment_method": self._cards[number]}
        await _post(self._client, f"customers/{self._customer}", invoice_settings=settings)
        self._in_use = number


def _customer_body(fact: facts.CustomerKnown) -> dict[str, Any]:
    place = fact.place
    body: dict[str, Any] = {
        "name": fact.names_by_system.get(BILLING, fact.name),
        "email": fact.email,
        "phone": fact.phone,
        "address": {"line1": place.line1, "city": place.city, "postal_code": place.postal_code,
                    "country": place.country},
        "metadata": {"customer_number": fact.number} if BILLING in fact.keyed else {},
    }  # fmt: skip
    if fact.tax_id and fact.tax_id[:2].isalpha():
        body["tax_id_data"] = [{"type": "eu_vat", "value": fact.tax_id}]
    return body


def _units(amount: Decimal, currency: str) -> int:
    return int(amount.scaleb(stripe_exponent(currency)))


async def _post(client: httpx.AsyncClient, path: str, **body: Any) -> Any:
    return await _answer(client, "POST", path, body)


async def _delete(client: httpx.AsyncClient, path: str) -> None:
    await _answer(client, "DELETE", path, None)


async def _answer(client: httpx.AsyncClient, method: str, path: str, body: Any) -> Any:
    what = f"{method} /v1/{path.split('/')[0]}"
    try:
        answer = await client.request(method, f"/v1/{path}", json=body)
    except httpx.HTTPError as error:
        raise Unavailable(f"{what}: no answer ({type(error).__name__})") from None
    if answer.status_code != 200:
        raise Refused(f"{what}: the server answered {answer.status_code}")
    return answer.json()
