"""The floor: a hand-written endpoint for the three operations, no GraphQL, on the gateway's own client and server.

`python -m bench.peers.floor PEERS_JSON`. It has what every peer has to have (a verified token, the vendors' calls and
their mapping), and nothing that makes it a graph: a name of an operation is a function.
"""

import asyncio
import sys
from typing import Any

import aiohttp
import jwt
import msgspec

from bench.peers.bearer import Bearer
from bench.peers.serving import serve
from bench.peers.vendors import Json, Vendors, known

DECODE, ENCODE = msgspec.json.Decoder(), msgspec.json.Encoder()
CASE = ("id", "number", "subject", "status", "priority", "requester")
INVOICE = ("id", "number", "status", "dueAt", "total", "balance")
ACCOUNT = ("customerNumber", "receivable", "creditHold")


class Floor:
    """The ASGI app."""

    def __init__(self, path: str) -> None:
        self.known = known(path)
        self.bearer = Bearer(self.known)
        self.vendors = Vendors(self.known, self.get, self.post)
        self.session: aiohttp.ClientSession | None = None
        self.operations = {"View": self.view, "List": self.list, "OneByOne": self.one_by_one}
        self.erp_headers = {"content-type": "application/json", "x-tryton-context": self.known.tryton_context}

    async def get(self, system: str, path: str) -> Json:
        async with self._session().get(self.known.upstreams[system] + path) as answer:
            return DECODE.decode(await answer.read())

    async def post(self, system: str, path: str, body: bytes) -> Json:
        url = self.known.upstreams[system] + path
        async with self._session().post(url, data=body, headers=self.erp_headers) as answer:
            return DECODE.decode(await answer.read())

    def _session(self) -> aiohttp.ClientSession:
        if self.session is None:
            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self.session

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
            self.vendors.cases([str(customer["support"]) for customer in customers]),
            self.vendors.accounts([str(customer["erp"]) for customer in customers]),
        )
        return {
            "nodes": [
                {
                    **{name: customer[name] for name in ("id", "number", "displayName")},
                    "cases": {"nodes": [{name: case[name] for name in CASE} for case in theirs[:3]]},
                    "erpAccount": {name: account[name] for name in ACCOUNT},
                }
                for customer, theirs, account in zip(customers, cases, accounts, strict=True)
            ]
        }

    async def one_by_one(self, variables: Json) -> Json:
        customers = [self.known.customers[id] for id in variables["ids"]]
        found = await asyncio.gather(*(self.vendors.invoices(str(customer["billing"])) for customer in customers))
        return {
            "nodes": [
                {
                    **{name: customer[name] for name in ("id", "number")},
                    "invoices": {"nodes": [{name: each[name] for name in INVOICE} for each in theirs[:3]]},
                }
                for customer, theirs in zip(customers, found, strict=True)
            ]
        }


async def answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    serve(Floor(sys.argv[1]))
