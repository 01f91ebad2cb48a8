"""Organizations, and persons without one, as customers.

| asked for | calls |
|---|---|
| n records by reference | ceil(n / 100) for the organizations, ceil(n / 100) for the persons |
| n numbers in external ids | ceil(n / 100) for the organizations, ceil(n / 100) for the persons |
| n numbers in fields of the account's own | n searches for each of the two: several in one are not documented |
| all | one for each 100 organizations, then one for each 100 end users, members of any left out |
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef
from sources.capabilities import CustomerBatch
from sources.faults import Refused, SourceFault
from sources.zendesk import shapes
from sources.zendesk.batching import in_batches, is_id
from sources.zendesk.client import MANY, ROWS, Client
from sources.zendesk.mapping import END_USER, ORGANIZATION, USER, Mapper

_ORGANIZATIONS = msgspec.json.Decoder(shapes.Organizations)
_ORGANIZATION_PAGE = msgspec.json.Decoder(shapes.OrganizationPage)
_FOUND_ORGANIZATIONS = msgspec.json.Decoder(shapes.FoundOrganizations)
_USERS = msgspec.json.Decoder(shapes.Users)
_USER_PAGE = msgspec.json.Decoder(shapes.UserPage)
_FOUND_USERS = msgspec.json.Decoder(shapes.FoundUsers)

NumberAt = tuple[str, str]
"""A type of customer record and a number that such a record may carry."""


def is_customer(user: shapes.User) -> bool:
    """An end user without an organization is a customer of its own; agents and members of one are not."""
    return user.role == END_USER and user.organization_id is None


class Customers:
    """Reads customers."""

    def __init__(self, client: Client, mapper: Mapper) -> None:
        self._client = client
        self._map = mapper
        self._settings = mapper.settings
        own = {ORGANIZATION: self._settings.customer_field, USER: self._settings.person_field}
        self._own_field = {type: field for type, field in own.items() if field}
        self._types = (ORGANIZATION, USER) if self._settings.person_key else (ORGANIZATION,)

    async def by_ref(self, refs: Sequence[CustomerRef]) -> dict[CustomerRef, CustomerRecord | SourceFault | None]:
        """Records by reference."""
        answer: dict[CustomerRef, CustomerRecord | SourceFault | None] = dict.fromkeys(refs)
        asked = (ref for ref in refs if ref.type in (ORGANIZATION, USER) and is_id(ref.id))
        answer.update(await in_batches(asked, MANY, self._shown, lambda ref: ref.type))
        return answer

    async def _shown(self, refs: Sequence[CustomerRef]) -> dict[CustomerRef, CustomerRecord | None]:
        records = await self._records(refs[0].type, "ids", [ref.id for ref in refs])
        answer: dict[CustomerRef, CustomerRecord | None] = dict.fromkeys(refs)
        return answer | {record.ref: record for record in records if record.ref in answer}

    async def by_number(self, numbers: Sequence[str]) -> dict[str, tuple[CustomerRecord, ...] | SourceFault]:
        """Records that carry a number where this account keeps it."""
        unaskable = {number for number in numbers if not number.strip() or "," in number or '"' in number}
        pairs = [(type, number) for type in self._types for number in numbers if number not in unaskable]
        listed = [pair for pair in pairs if pair[0] not in self._own_field]
        searched = [pair for pair in pairs if pair[0] in self._own_field]
        found = await in_batches(listed, MANY, self._with_external_ids, lambda pair: pair[0])
        found |= await in_batches(searched, 1, self._with_field)
        answer: dict[str, tuple[CustomerRecord, ...] | SourceFault] = {}
        for number in dict.fromkeys(numbers):
            answer[number] = _joined([found[type, number] for type in self._types if (type, number) in found])
        return answer | dict.fromkeys(
            unaskable, Refused('such a number cannot be asked for: it is empty or has , or "')
        )

    async def _with_external_ids(self, pairs: Sequence[NumberAt]) -> dict[NumberAt, tuple[CustomerRecord, ...]]:
        type = pairs[0][0]
        records = await self._records(type, "external_ids", [number for _, number in pairs])
        return {(type, number): tuple(found for found in records if found.number == number) for _, number in pairs}

    async def _with_field(self, pairs: Sequence[NumberAt]) -> dict[NumberAt, tuple[CustomerRecord, ...]]:
        [(type, number)] = pairs
        query: dict[str, str | int] = {
            "query": f'{self._own_field[type]}:"{number}"',
            "filter[type]": type,
            "page[size]": ROWS,
        }
        if type == ORGANIZATION:
            organizations, _ = await self._client.get("search/export", _FOUND_ORGANIZATIONS, query)
            records = [self._map.organization(found) for found in organizations.results]
        else:
            users, _ = await self._client.get("search/export", _FOUND_USERS, query)
            records = [self._map.person(user) for user in users.results if is_customer(user)]
        return {(type, number): tuple(record for record in records if record.number == number)}

    async def _records(self, type: str, by: str, values: Sequence[str]) -> list[CustomerRecord]:
        if type == ORGANIZATION:
            organizations, _ = await self._client.show_many("organizations", by, values, _ORGANIZATIONS)
            return [self._map.organization(found) for found in organizations.organizations]
        users, _ = await self._client.show_many("users", by, values, _USERS)
        return [self._map.person(user) for user in users.users if is_customer(user)]

    async def scan(self, resume: str | None) -> AsyncIterator[CustomerBatch]:
        """All customers, by id. `resume` is the type that is being read and the vendor's cursor in it."""
        start, _, cursor = (resume or ORGANIZATION).partition(":")
        for type in self._types[self._types.index(start) :] if start in self._types else self._types:
            following = self._types[self._types.index(type) + 1 :]
            more = True
            while more:
                records, meta = await self._page(type, cursor)
                more, cursor = meta.has_more, meta.after_cursor or ""
                resume = f"{type}:{cursor}" if more else next(iter(following), None)
                yield CustomerBatch(tuple(records), resume)
            cursor = ""

    async def _page(self, type: str, cursor: str) -> tuple[list[CustomerRecord], shapes.Meta]:
        params: dict[str, str | int] = {"page[size]": ROWS} | ({"page[after]": cursor} if cursor else {})
        if type == ORGANIZATION:
            organizations, _ = await self._client.get("organizations", _ORGANIZATION_PAGE, params)
            return [self._map.organization(found) for found in organizations.organizations], organizations.meta
        users, _ = await self._client.get("users", _USER_PAGE, params | {"role": END_USER})
        return [self._map.person(user) for user in users.users if is_customer(user)], users.meta


def _joined(found: Sequence[tuple[CustomerRecord, ...] | SourceFault]) -> tuple[CustomerRecord, ...] | SourceFault:
    records: tuple[CustomerRecord, ...] = ()
    for outcome in found:
        if isinstance(outcome, SourceFault):
            return outcome
        records += outcome
    return records
