"""Customer.status: the account at a glance, each field worked out only where it is asked for."""

from typing import Any

from strawberry.types import Info

from resolvers.context import context
from resolvers.exposure import computed, exposed, field, grow
from resolvers.types.nodes import CustomerType
from resolvers.views.status import AccountStatus, StatusView
from sources.canonical.customer import Customer

StatusType = exposed(AccountStatus)
StatusType.__strawberry_definition__.is_type_of = None  # its source is a StatusView


def status(self: Customer, info: Info[Any, Any]) -> StatusView:
    return StatusView(context(info), self)


def _part(name: str) -> Any:
    async def resolve(self: StatusView) -> Any:
        return await getattr(self, name)()

    return resolve


METHODS = {name: name for name in AccountStatus.__struct_fields__} | {"open_cases": "open_cases_count"}
grow(StatusType, **{name: computed(AccountStatus, name, _part(method)) for name, method in METHODS.items()})
grow(CustomerType, status=field(status, StatusType | None, "The account at a glance."))
