"""The data of the simulated organization: rows that stand on facts of the world, and the indexes over them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.salesforce.simulator.ids import record_id
from sources.simulation.facts import CRM, ContractSigned, CustomerKnown, Fact, OpportunityMoved, PersonJoined

PREFIXES = {"Account": "001", "Contact": "003", "Opportunity": "006", "Contract": "800", "User": "005"}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Row:
    """A record: a fact of the world with an id, its account, and the system's own times."""

    __slots__ = ("account", "created", "deleted", "fact", "id", "stamp")

    def __init__(self, row_id: str, fact: Any, account: str | None, created: datetime, stamp: datetime) -> None:
        self.id = row_id
        self.fact = fact
        self.account = account
        self.created = created
        self.stamp = stamp
        self.deleted = False


class Table:
    """The rows of one object, found by id, by account, by a text, and by SystemModstamp."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.by_account: dict[str, list[str]] = {}
        self.by_text: dict[str, set[str]] = {}  # AccountNumber or ContractNumber, in small letters
        self._sorted: list[str] = []
        self._stamps: list[tuple[datetime, str]] = []  # append only; SystemModstamp never goes back

    def add(self, row: Row) -> None:
        self.rows[row.id] = row
        if row.account is not None:
            self.by_account.setdefault(row.account, []).append(row.id)

    def stamped(self, row: Row) -> None:
        """Note that the row's SystemModstamp is new."""
        self._stamps.append((row.stamp, row.id))

    def named(self, row_id: str, old: str | None, new: str | None) -> None:
        """Keep the index by text."""
        if old != new:
            self.by_text.get((old or "").lower(), set()).discard(row_id)
        if new:
            self.by_text.setdefault(new.lower(), set()).add(row_id)

    def after_id(self, row_id: str) -> Iterator[Row]:
        """The rows after an id, in the order of the ids."""
        if len(self._sorted) != len(self.rows):
            self._sorted = sorted(self.rows)
        for place in range(bisect_right(self._sorted, row_id), len(self._sorted)):
            yield self.rows[self._sorted[place]]

    def since(self, stamp: datetime) -> Iterator[Row]:
        """The rows whose SystemModstamp is not before a moment, oldest first."""
        start = bisect_left(self._stamps, (stamp, ""))
        return (row for at, row_id in self._stamps[start:] if (row := self.rows[row_id]).stamp == at)

    def latest(self, count: int) -> list[Row]:
        """The rows with the newest SystemModstamps, at least `count` where there are as many, whole seconds."""
        found: list[Row] = []
        for at, row_id in reversed(self._stamps):
            if len(found) >= count and at != found[-1].stamp:
                break
            if self.rows[row_id].stamp == at:
                found.append(self.rows[row_id])
        return found


class Organization:
    """What the organization holds, and its switches.

    `multi_currency`: rows carry CurrencyIsoCode. `person_accounts`: natural persons are accounts of their own kind.
    `hidden_fields`: (object, field) that field-level security hides from the integration user. `hidden_objects`:
    objects that it may not read. `hidden_rows`: ids that are not shared with it; they are absent, not forbidden.
    `stages`: (label, probability, closed, won) of each stage of the world's sales team.
    """

    def __init__(self) -> None:
        self.tables = {entity: Table() for entity in PREFIXES}
        self.multi_currency = True
        self.person_accounts = True
        self.hidden_fields: set[tuple[str, str]] = set()
        self.hidden_objects: set[str] = set()
        self.hidden_rows: set[str] = set()
        self.stages: dict[str, tuple[str, int, bool, bool]] = {
            "Prospecting": ("Prospecting", 10, False, False),
            "Proposal": ("Proposal", 65, False, False),
            "Negotiation": ("Negotiation", 90, False, False),
            "Closed Won": ("Closed Won", 100, True, True),
            "Closed Lost": ("Closed Lost", 0, True, False),
        }
        self._accounts: dict[str, str] = {}  # the world's customer -> account id
        self._latest = BEGINNING

    def absorb(self, fact: Fact) -> None:
        """Take a fact; those of customers without a record in the CRM are ignored."""
        if isinstance(fact, CustomerKnown):
            self._customer(fact)
        elif fact.customer in self._accounts:
            account = self._accounts[fact.customer]
            if isinstance(fact, PersonJoined):
                self._put("Contact", fact.key, fact, account)
            elif isinstance(fact, ContractSigned):
                row = self._put("Contract", fact.number, fact, account)
                self.tables["Contract"].named(row.id, None, fact.number)
            elif isinstance(fact, OpportunityMoved):
                self._put("Opportunity", fact.key, fact, account)
                self._user(fact.owner, fact.at)

    def delete(self, entity: str, row_id: str) -> None:
        """Move a row to the recycle bin, as a user would."""
        row = self.tables[entity].rows[row_id]
        row.deleted = True
        self._stamp(entity, row, row.stamp)

    def account_id(self, customer: str | None) -> str | None:
        """The account of a customer of the world; None where it has none."""
        return self._accounts.get(customer or "")

    def _customer(self, fact: CustomerKnown) -> None:
        known = self.account_id(fact.customer)
        if CRM not in fact.systems:
            if known is not None:
                self.delete("Account", known)
            return
        old = self.tables["Account"].rows[known].fact if known else None
        row = self._put("Account", fact.customer, fact, None)
        self._accounts[fact.customer] = row.id
        self.tables["Account"].named(row.id, account_number(old) if old else None, account_number(fact))
        self._user(fact.owner, fact.at)

    def _user(self, name: str, at: datetime) -> None:
        if record_id(PREFIXES["User"], name) not in self.tables["User"].rows:
            self._put("User", name, name, None, at)

    def _put(self, entity: str, key: str, fact: Any, account: str | None, at: datetime | None = None) -> Row:
        table = self.tables[entity]
        moment = (at or fact.at).astimezone(UTC).replace(microsecond=0)
        row_id = record_id(PREFIXES[entity], key)
        row = table.rows.get(row_id)
        if row is None:
            row = Row(row_id, fact, account, moment, BEGINNING)
            table.add(row)
        row.fact = fact
        row.deleted = False
        self._stamp(entity, row, moment)
        return row

    def _stamp(self, entity: str, row: Row, moment: datetime) -> None:
        """By the organization's clock alone: never back, and another second for another version of a row."""
        self._latest = row.stamp = max(moment, self._latest, row.stamp + SECOND)
        self.tables[entity].stamped(row)


def account_number(fact: CustomerKnown) -> str | None:
    """What Account.AccountNumber holds: the customer number, where the CRM is keyed."""
    return fact.number if CRM in fact.keyed else None
