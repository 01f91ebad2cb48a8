"""A second subgraph, for the tests: the points of customers, whom it knows by their numbers."""

import strawberry
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

POINTS = {f"C-{n:06}": n * 100 for n in range(1, 41)}


@strawberry.federation.type(shareable=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.federation.type(keys=["number"])
class Customer:
    number: str | None

    @strawberry.field
    def points(self) -> int:
        return POINTS.get(self.number or "", 0)

    @classmethod
    def resolve_reference(cls, number: str) -> "Customer":
        return cls(number=number)


@strawberry.type
class Member:
    since: int
    customer: Customer


@strawberry.type
class Members:
    nodes: list[Member]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    def members(self, numbers: list[str]) -> Members:
        found = [Member(since=2020, customer=Customer(number=number)) for number in numbers]
        return Members(
            nodes=found,
            page_info=PageInfo(has_next_page=False, has_previous_page=False, start_cursor=None, end_cursor=None),
        )


SCHEMA = strawberry.federation.Schema(Query, federation_version="2.9", config=StrawberryConfig())
SDL = SCHEMA.as_str()
APP = GraphQL(SCHEMA, graphql_ide=None)
