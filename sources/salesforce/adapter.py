"""What Salesforce gives: customers, contacts, contracts, opportunities, and what changed."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from sources.canonical.crm import Contact, Contract, Opportunity
from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef, Origin
from sources.capabilities import Answer, Changes, CustomerBatch, Page, Window
from sources.faults import Malformed
from sources.salesforce import checking, customers, lists, mapping, shapes, soql
from sources.salesforce.changes import ChangeReader
from sources.salesforce.client import SalesforceClient
from sources.salesforce.columns import Columns
from sources.salesforce.reader import Entity, Reader
from sources.salesforce.settings import SalesforceSettings
from sources.salesforce.shapes import Spoiled
from sources.wire.messages import Sender

CONTRACT_NUMBER_CHARACTERS = 30  # Source: Object Reference, Contract.ContractNumber


class _Holder(msgspec.Struct, frozen=True):
    Id: str
    AccountId: str | None


class SalesforceAdapter:
    """CustomerReads, ChangeReads, ContactReads, ContractReads, OpportunityReads, DocumentSearch over one client.

    Methods that are called in the same moment share calls: contacts, contracts and opportunities of fifty customers
    cost one.
    """

    def __init__(self, settings: SalesforceSettings, origin: Origin, sender: Sender) -> None:
        self.origin = origin
        self._settings = settings
        self._client = SalesforceClient(settings, sender)
        own = shapes.of(settings.customer_key, settings.fields)
        self._columns = Columns(settings, self._client, own)
        self._reader = Reader(settings, origin, self._client, self._columns)
        self._changes = ChangeReader(self._client)
        self._account = Entity("Account", own.account, mapping.customer)
        self._contact = Entity("Contact", own.contact, mapping.contact)
        self._contract = Entity("Contract", own.contract, mapping.contract)
        self._opportunity = Entity("Opportunity", own.opportunity, mapping.opportunity)

    async def check(self) -> tuple[str, ...]:
        """See checking.problems."""
        return await checking.problems(self._settings, self._columns)

    async def customer_records(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, CustomerRecord | None]:
        """See CustomerReads."""
        return await customers.by_refs(self._reader, self._account, refs)

    async def customers_by_number(self, numbers: Sequence[str]) -> Answer[str, tuple[CustomerRecord, ...]]:
        """See CustomerReads."""
        return await customers.by_numbers(self._reader, self._account, self._settings.customer_key, numbers)

    def scan_customers(self, resume: str | None = None) -> AsyncIterator[CustomerBatch]:
        """See CustomerReads; `resume` is an account's id."""
        return customers.scan(self._reader, self._client, self._account, resume)

    async def changes(self, watermark: str | None) -> Changes:
        """See ChangeReads."""
        return await self._changes.since(watermark)

    async def contacts(self, ids: Sequence[str]) -> Answer[str, Contact | None]:
        """See ContactReads."""
        return await lists.by_ids(self._reader, self._contact, ids)

    async def contacts_of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Contact]]:
        """See ContactReads."""
        return await lists.of_customers(self._reader, self._contact, customers, window)

    async def contracts(self, ids: Sequence[str]) -> Answer[str, Contract | None]:
        """See ContractReads."""
        return await lists.by_ids(self._reader, self._contract, ids)

    async def contracts_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[Contract]]:
        """See ContractReads."""
        return await lists.of_customers(self._reader, self._contract, customers, window)

    async def opportunities(self, ids: Sequence[str]) -> Answer[str, Opportunity | None]:
        """See OpportunityReads."""
        return await lists.by_ids(self._reader, self._opportunity, ids)

    async def opportunities_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[Opportunity]]:
        """See OpportunityReads."""
        return await lists.of_customers(self._reader, self._opportunity, customers, window)

    async def customers_of_document(self, number: str) -> tuple[CustomerRef, ...]:
        """Whose contract carries the number. See DocumentSearch."""
        if not 0 < len(number) <= CONTRACT_NUMBER_CHARACTERS:
            return ()
        where = f"WHERE ContractNumber = {soql.quoted(number)} ORDER BY Id"
        statement = soql.select(("Id", "AccountId"), "Contract", where)
        rows = (await self._client.query(statement, _Holder)).rows
        if any(isinstance(row, Spoiled) for row in rows):
            raise Malformed("a row of Contract did not fit its shape")
        refs = (mapping.account_ref(row.AccountId) for row in rows)
        return tuple(dict.fromkeys(ref for ref in refs if ref))
