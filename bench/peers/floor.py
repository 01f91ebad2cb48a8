"""The floor: a hand-written endpoint for the three operations, no GraphQL, on the gateway's own client and server.

`python -m bench.peers.floor PEERS_JSON`. It has what every peer has to have (a verified token, the vendors' calls and
their mapping), and nothing that makes it a graph: a name of an operation is a function, which makes what it shows and
no more.
"""

import asyncio
import sys
from typing import Any

import jwt
import msgspec

from bench.peers.bearer import Bearer
from bench.peers.pages import Invoice, Party, Ticket
from bench.peers.serving import serve
from bench.peers.vendors import (
    CASE_STATUS,
    PRIORITY,
    Json,
    Vendors,
    day,
    known,
    minor,
    money,
    over_limit,
    status_of,
)
from sources.wire.deadline import Limit
from sources.wire.messages import Request
from sources.wire.transport import HttpTransport

CONNECTIONS = 256  # at the same time to one vendor, as many as the gateway may
LIMIT_SECONDS = 60.0
DECODE, ENCODE = msgspec.json.Decoder(), msgspec.json.Encoder()


class Floor:
    """The ASGI app."""

    def __init__(self, path: str) -> None:
        self.known = known(path)
        self.bearer = Bearer(self.known)
        self.vendors = Vendors(self.known, self.get, self.post)
        self.transports = {system: HttpTransport(connections=CONNECTIONS) for system in self.known.upstreams}
        self.operations = {"View": self.view, "List": self.list, "OneByOne": self.one_by_one}
        self.erp_headers = {"content-type": "application/json", "x-tryton-context": self.known.tryton_context}

    async def get(self, system: str, path: str) -> bytes:
        return await self._send(system, Request(url=self.known.upstreams[system] + path))

    async def post(self, system: str, path: str, body: bytes) -> bytes:
        url = self.known.upstreams[system] + path
        return await self._send(system, Request(method="POST", url=url, headers=self.erp_headers, body=body))

    async def _send(self, system: str, request: Request) -> bytes:
        return (await self.transports[system].send(request, Limit(LIMIT_SECONDS))).body

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        try:
            self.bearer.claims(next(value for name, value in scope["headers"] if name == b"authorization").decode())
        except (jwt.PyJWTError, StopIteration):
            return await answer(send, 401, b'{"errors":[{"message":"no good token"}]}')
        asked = DECODE.decode(body)
        data = await self.operations[asked["operationName"]](asked["variables"])
        return await answer(send, 200, ENCODE.encode({"data": data}))

    async def view(self, variables: Json) -> Json:
        customer, vendors = self.known.customers[variables["id"]], self.vendors
        billing = str(customer["billing"])
        [cases], invoices, subscriptions, payments, [account] = await asyncio.gather(
            vendors.cases([str(customer["support"])]),
            vendors.invoices(billing),
            vendors.subscriptions(billing),
            vendors.payments(billing),
            vendors.accounts([str(customer["erp"])]),
        )
        return {
            "customer": {
                **{name: customer[name] for name in ("id", "number", "displayName", "legalName", "tier", "owner")},
                "cases": {"nodes": cases[:10]},
                "invoices": {"nodes": invoices[:12]},
                "subscriptions": {"nodes": subscriptions[:3]},
                "payments": {"nodes": payments[:10]},
                "erpAccount": account,
            }
        }

    async def list(self, variables: Json) -> Json:
        customers = [self.known.customers[id] for id in variables["ids"]]
        cases, accounts = await asyncio.gather(
            self.vendors.cases([str(customer["support"]) for customer in customers], self.case),
            self.vendors.accounts([str(customer["erp"]) for customer in customers], self.account),
        )
        return {
            "nodes": [
                {
                    **{name: customer[name] for name in ("id", "number", "displayName")},
                    "cases": {"nodes": theirs[:3]},
                    "erpAccount": account,
                }
                for customer, theirs, account in zip(customers, cases, accounts, strict=True)
            ]
        }

    async def one_by_one(self, variables: Json) -> Json:
        customers = [self.known.customers[id] for id in variables["ids"]]
        found = await asyncio.gather(
            *(self.vendors.invoices(str(customer["billing"]), self.invoice) for customer in customers)
        )
        return {
            "nodes": [
                {
                    **{name: customer[name] for name in ("id", "number")},
                    "invoices": {"nodes": theirs[:3]},
                }
                for customer, theirs in zip(customers, found, strict=True)
            ]
        }

    def case(self, ticket: Ticket, names: dict[int, str]) -> Json:
        return {
            "id": self.vendors.id("SupportCase", str(ticket.id)),
            "number": str(ticket.id),
            "subject": ticket.subject,
            "status": CASE_STATUS.get(ticket.status, "OTHER"),
            "priority": PRIORITY.get(ticket.priority, "OTHER"),
            "requester": names.get(ticket.requester_id),
        }

    def account(self, party: Party, stopped: bool) -> Json:
        return {
            "customerNumber": party.code,
            "receivable": money(minor(party.receivable), self.known.currency),
            "creditHold": stopped or over_limit(party),
        }

    def invoice(self, invoice: Invoice) -> Json:
        currency, status = invoice.currency.upper(), status_of(invoice)
        return {
            "id": self.vendors.id("Invoice", invoice.id),
            "number": invoice.number,
            "status": status,
            "dueAt": day(invoice.due_date),
            "total": money(invoice.total, currency),
            "balance": money(0 if status == "VOID" else invoice.amount_remaining, currency),
        }


async def answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    serve(Floor(sys.argv[1]))
