"""Stock Strawberry on FastAPI: types, resolvers, aiodataloader, httpx. `python -m bench.peers.stock PEERS_JSON`.

As its documentation has it for speed: the parser's and the validation's caches on, a quick JSON encoder, one pooled
httpx client, a DataLoader for each edge and request; uvicorn with uvloop and httptools.
"""

import sys
from functools import partial
from typing import Any

import httpx
import jwt
import msgspec
import strawberry
from aiodataloader import DataLoader
from fastapi import FastAPI, HTTPException, Request
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter

from bench.peers.bearer import Bearer
from bench.peers.serving import serve
from bench.peers.vendors import Json, Vendors, known, together

Info = strawberry.Info[Any, Any]


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.type
class SupportCase:
    id: strawberry.ID
    number: str
    subject: str
    status: str
    priority: str
    channel: str | None
    requester: str | None
    assignee: str | None
    openedAt: str
    updatedAt: str | None


@strawberry.type
class InvoiceLine:
    description: str
    quantity: str | None
    unitPrice: str | None
    total: Money


@strawberry.type
class Invoice:
    id: strawberry.ID
    number: str
    status: str
    issuedAt: str | None
    dueAt: str | None
    total: Money
    balance: Money
    lines: list[InvoiceLine]


@strawberry.type
class CustomerSubscription:
    id: strawberry.ID
    plan: str
    status: str
    quantity: int | None
    interval: str | None
    recurring: Money | None
    startedAt: str | None


@strawberry.type
class Payment:
    id: strawberry.ID
    status: str
    amount: Money
    method: str | None
    paidAt: str | None


@strawberry.type
class ErpAccount:
    customerNumber: str
    creditHold: bool | None
    paymentTerms: str | None
    receivable: Money | None
    overdue: Money | None
    creditLimit: Money | None


@strawberry.type
class SupportCaseConnection:
    nodes: list[SupportCase]


@strawberry.type
class InvoiceConnection:
    nodes: list[Invoice]


@strawberry.type
class CustomerSubscriptionConnection:
    nodes: list[CustomerSubscription]


@strawberry.type
class PaymentConnection:
    nodes: list[Payment]


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Customer(Node):
    number: str
    displayName: str
    legalName: str | None
    tier: str | None
    owner: str | None
    links: strawberry.Private[dict[str, str]]

    @strawberry.field
    async def cases(self, info: Info, first: int = 10) -> SupportCaseConnection:
        found = await info.context["cases"].load(self.links["support"])
        return SupportCaseConnection(nodes=[SupportCase(**case) for case in found[:first]])

    @strawberry.field
    async def invoices(self, info: Info, first: int = 10) -> InvoiceConnection:
        found = await info.context["invoices"].load(self.links["billing"])
        return InvoiceConnection(nodes=[invoice_of(each) for each in found[:first]])

    @strawberry.field
    async def subscriptions(self, info: Info, first: int = 10) -> CustomerSubscriptionConnection:
        found = await info.context["subscriptions"].load(self.links["billing"])
        nodes = [CustomerSubscription(**each | {"recurring": Money(**each["recurring"])}) for each in found[:first]]
        return CustomerSubscriptionConnection(nodes=nodes)

    @strawberry.field
    async def payments(self, info: Info, first: int = 10) -> PaymentConnection:
        found = await info.context["payments"].load(self.links["billing"])
        return PaymentConnection(
            nodes=[Payment(**each | {"amount": Money(**each["amount"])}) for each in found[:first]]
        )

    @strawberry.field(name="erpAccount")
    async def erp_account(self, info: Info) -> ErpAccount:
        found = await info.context["accounts"].load(self.links["erp"])
        amounts = {name: Money(**found[name]) for name in ("receivable", "overdue", "creditLimit")}
        return ErpAccount(**found | amounts)


def invoice_of(each: Json) -> Invoice:
    lines = [InvoiceLine(**line | {"total": Money(**line["total"])}) for line in each["lines"]]
    amounts = {name: Money(**each[name]) for name in ("total", "balance")}
    return Invoice(**each | amounts | {"lines": lines})


def customer_of(held: dict[str, str]) -> Customer:
    names = ("number", "displayName", "legalName", "tier", "owner")
    return Customer(id=strawberry.ID(held["id"]), links=held, **{name: held[name] for name in names})


@strawberry.type
class Query:
    @strawberry.field
    def customer(self, info: Info, id: strawberry.ID) -> Customer | None:
        held = info.context["customers"].get(id)
        return customer_of(held) if held else None

    @strawberry.field
    def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        customers = info.context["customers"]
        return [customer_of(customers[id]) if id in customers else None for id in ids]


class Router(GraphQLRouter[dict[str, Any], None]):
    """Writes answers with msgspec in place of the standard library's JSON."""

    def encode_json(self, data: object) -> bytes:
        return msgspec.json.encode(data)


def app(path: str) -> FastAPI:
    held = known(path)
    bearer = Bearer(held)
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=None, max_keepalive_connections=256), timeout=30)
    erp_headers = {"content-type": "application/json", "x-tryton-context": held.tryton_context}

    async def get(system: str, path: str) -> bytes:
        return (await client.get(held.upstreams[system] + path)).content

    async def post(system: str, path: str, body: bytes) -> bytes:
        return (await client.post(held.upstreams[system] + path, content=body, headers=erp_headers)).content

    vendors = Vendors(held, get, post)

    async def context(request: Request) -> dict[str, Any]:
        try:
            bearer.claims(request.headers.get("authorization", ""))
        except jwt.PyJWTError:
            raise HTTPException(401) from None
        return {
            "customers": held.customers,
            "cases": DataLoader(vendors.cases),
            "accounts": DataLoader(vendors.accounts),
            "invoices": DataLoader(partial(together, vendors.invoices)),
            "subscriptions": DataLoader(partial(together, vendors.subscriptions)),
            "payments": DataLoader(partial(together, vendors.payments)),
        }

    schema = strawberry.Schema(query=Query, types=[Customer], extensions=[ParserCache, ValidationCache])
    made = FastAPI()
    made.include_router(Router(schema, context_getter=context, graphql_ide=None), prefix="/graphql")
    return made


if __name__ == "__main__":
    serve(app(sys.argv[1]))
