"""Stripe's HTTP API: paths, credential, version, and what its answers mean.

A list names one customer; nothing takes several. Source: Stripe API reference, Lists, Search, Expanding responses.
"""

import re
import time
import uuid
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus, urlencode

import msgspec

from sources.faults import Busy, NotOffered, Refused, Throttled
from sources.stripe.answers import error_of, malformed, refusal, told
from sources.stripe.dialect import Dialect, Params
from sources.stripe.settings import API_VERSION, StripeSettings
from sources.stripe.shapes import Listing, SearchResult
from sources.wire.messages import Request, Response, Sender
from sources.writing import sending

T = TypeVar("T")

PAGE_LIMIT = "100"  # the most that Stripe gives at once
ABSENT_SECONDS = 600.0  # for so long a path that the server lacks is not asked again; an upgrade is seen in ten minutes
ID = re.compile(r"[A-Za-z0-9_-]{1,255}")  # Source: Stripe API, ids are opaque, up to 255 characters
NO_IDS = frozenset(["search", "upcoming", "preview", "create_preview"])  # paths beside ids
OWNERS = frozenset(["customer", "charge", "invoice"])  # filters that hold an id
BALANCE = "/v1/customers/{id}/balance_transactions"
CURSORS = frozenset(["starting_after", "ending_before"])


class CursorGone(Exception):
    """The record at which a list was to be resumed is no longer there."""


class KeyOfAnother(Refused):
    """The idempotency key was used before, with other parameters: what was sent then is what counts."""


class StripeClient:
    """Asks one account. Methods raise SourceFaults."""

    def __init__(self, settings: StripeSettings, sender: Sender) -> None:
        self.dialect = Dialect(official=settings.official)
        self._official = settings.official
        self._base = settings.base_url
        self._sender = sender
        self._headers = {
            "authorization": f"Bearer {settings.api_key.get_secret_value()}",
            "stripe-version": API_VERSION,
            "accept": "application/json",
        }
        self._decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
        self._pages: dict[type, msgspec.json.Decoder[Any]] = {}  # of listings, by the shape of what is listed
        self._absent: dict[str, float] = {}

    async def retrieve(self, resource: str, id: str, shape: type[T], expand: Params = ()) -> T | None:
        """The object with the id; None where there is none."""
        response = await self.retrieve_raw(resource, id, expand)
        return None if response is None else self.decode(response, shape, f"/v1/{resource}/{{id}}")

    async def retrieve_raw(self, resource: str, id: str, expand: Params = ()) -> Response | None:
        """The answer with the object of that id; None where there is none."""
        if not ID.fullmatch(id) or id in NO_IDS:
            return None
        what = f"/v1/{resource}/{{id}}"
        response = await self._ask(resource, f"/v1/{resource}/{quote(id)}", expand, what)
        if response.status == 200:
            return response
        self._judge(response, what)
        return None

    async def listing(self, resource: str, shape: type[T], params: Params) -> Listing[T] | None:
        """A page of a list; None where a filter names an object that is not there.

        Raises CursorGone where that is the record to resume at, NotOffered where the server has no such list.
        """
        for name, value in params:
            if name in OWNERS and not ID.fullmatch(value):
                return None
        path = f"/v1/{resource}"
        return await self._page(resource, path, path, shape, params)

    async def lines(self, invoice_id: str, shape: type[T], params: Params) -> Listing[T] | None:
        """A page of an invoice's lines; None where there is no such invoice."""
        if not ID.fullmatch(invoice_id):
            return None
        what = "/v1/invoices/{id}/lines"
        return await self._page("lines", f"/v1/invoices/{quote(invoice_id)}/lines", what, shape, params)

    async def balance_transactions(self, customer: str, shape: type[T], params: Params) -> Listing[T] | None:
        """A page of what moved a customer's balance; None where there is no such customer."""
        if not ID.fullmatch(customer):
            return None
        path = f"/v1/customers/{quote(customer)}/balance_transactions"
        return await self._page("balance_transactions", path, BALANCE, shape, params)

    async def balance_transaction(self, customer: str, id: str, shape: type[T]) -> T | None:
        """One movement of a customer's balance; None where there is none."""
        if not ID.fullmatch(customer) or not ID.fullmatch(id):
            return None
        what = f"{BALANCE}/{{id}}"
        path = f"/v1/customers/{quote(customer)}/balance_transactions/{quote(id)}"
        response = await self._ask("balance_transactions", path, (), what)
        if response.status == 200:
            found: T = self.decode(response, shape, what)
            return found
        self._judge(response, what)
        return None

    async def write(self, path: str, form: Params, key: str, shape: type[T], what: str) -> T:
        """What came of one write, sent once under an idempotency key.

        Raises KeyOfAnother, Refused, Busy, Throttled, NotOffered; OutcomeUnknown where no clear answer came.
        Source: Stripe API, Idempotent requests.
        """
        try:
            with sending():
                response = await self._post(path, form, key)
                if response.status not in (400, 404):
                    made: T = self.decode(response, shape, what)
                    return made
        except (Busy, Throttled) as fault:
            fault.retryable = True  # nothing was done: whoever waits long enough may send the same again
            raise
        error = error_of(response)
        if response.status == 404 and not (error and error.code) and not self._official:
            raise self._lacks(what, response)
        if error is not None and error.type == "idempotency_error":
            raise KeyOfAnother(told(f"the key of this POST {what} was sent with another content", response))
        raise refusal(response, f"POST {what}")

    async def echoes_keys(self) -> bool:
        """Whether the server takes notice of idempotency keys, told by a refund that names no payment.

        No server can do anything with that; one that knows keys gives the key back. Source: Stripe, response headers.
        """
        key = f"c360-{uuid.uuid4()}"
        response = await self._post("/v1/refunds", (), key)
        return response.headers.get("idempotency-key") == key

    async def search(self, resource: str, query: str, shape: type[T], params: Params = ()) -> SearchResult[T]:
        """A page of what a search finds; its index is behind by up to a minute. Raises NotOffered."""
        what = f"/v1/{resource}/search"
        asked = (("query", query), ("limit", PAGE_LIMIT), *params)
        response = await self._ask(resource, what, asked, what)
        if response.status == 404:
            raise self._lacks(what, response)
        if response.status != 200:
            raise refusal(response, what)
        result: SearchResult[T] = self.decode(response, SearchResult[shape], what)  # type: ignore[valid-type]
        return result

    def decode(self, response: Response, shape: Any, what: str) -> Any:
        """The answer in its shape. Raises Malformed."""
        decoder = self._decoders.get(shape)
        if decoder is None:
            decoder = self._decoders[shape] = msgspec.json.Decoder(shape)
        return self._decoded(response, decoder, what)

    def _decoded(self, response: Response, decoder: msgspec.json.Decoder[T], what: str) -> T:
        try:
            return decoder.decode(self.dialect.body(response))
        except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
            raise malformed(response, what) from None

    async def _page(self, resource: str, path: str, what: str, shape: type[T], params: Params) -> Listing[T] | None:
        response = await self._ask(resource, path, params, what)
        if response.status == 200:
            decoder = self._pages.get(shape)
            if decoder is None:
                decoder = self._pages[shape] = msgspec.json.Decoder(Listing[shape])  # type: ignore[valid-type]
            found: Listing[T] = self._decoded(response, decoder, what)
            return found
        error = error_of(response)
        if error and error.code == "resource_missing" and error.param in CURSORS:
            raise CursorGone
        self._judge(response, what)
        return None

    def _judge(self, response: Response, what: str) -> None:
        """Pass where the answer says that something is not there. Raises NotOffered, Malformed, Refused.

        Stripe itself has every path that we ask for, and its own 404 names what is missing.
        """
        error = error_of(response)
        if response.status == 404 and error and not error.code and self.dialect.today and not self._official:
            raise self._lacks(what, response)
        if response.status == 404 and error is None:
            raise malformed(response, what) if self.dialect.today else self._lacks(what, response)
        if response.status == 404 or (error is not None and error.code == "resource_missing"):
            return
        raise refusal(response, what)

    def _lacks(self, what: str, response: Response) -> NotOffered:
        if not self._official:
            self._absent[what] = time.monotonic() + ABSENT_SECONDS
        return NotOffered(told(f"this server has no {what}", response))

    async def _ask(self, resource: str, path: str, params: Params, what: str) -> Response:
        if what in self._absent and self._absent[what] > time.monotonic():
            raise NotOffered(f"this server has no {what}")
        if self.dialect.unsure(params):
            self.dialect.learn(await self._send("/v1/customers", (("limit", "1"),)))
        response = await self._send(path, self.dialect.params(resource, params))
        if self.dialect.learn(response) and response.status == 400:
            response = await self._send(path, self.dialect.params(resource, params))
        return response

    async def _post(self, path: str, form: Params, key: str) -> Response:
        headers = {
            **self._headers,
            "content-type": "application/x-www-form-urlencoded",
            "idempotency-key": key,
        }
        body = urlencode(form).encode()
        return await self._sender.send(
            Request(method="POST", url=f"{self._base}{path}", headers=headers, body=body, safe=False)
        )

    def _send(self, path: str, params: Params) -> Awaitable[Response]:
        query = f"?{query_of(params)}" if params else ""
        return self._sender.send(Request(url=f"{self._base}{path}{query}", headers=self._headers))


def query_of(params: Params) -> str:
    """The parameters as they go into a URL, as urlencode has them."""
    return "&".join([f"{_escaped(name)}={_value(value)}" for name, value in params])


def _value(text: str) -> str:
    """A parameter's value as it goes into a URL: mostly an id, a number or a word, which goes as it is."""
    return text if text.isascii() and (text.isidentifier() or text.isdigit()) else _escaped(text)


@lru_cache(maxsize=256)  # the names of parameters, and the few values that are no ids, are ever the same
def _escaped(text: str) -> str:
    return quote_plus(text)
