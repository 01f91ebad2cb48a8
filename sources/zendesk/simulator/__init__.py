"""A Zendesk Support account as the vendor's documentation describes it: what is read, and updates of tickets.

Sources: Zendesk Support API reference (Introduction, Pagination, Rate limits, Tickets, Organizations, Users, Search,
Incremental exports, Custom ticket statuses, Ticket comments, Ticket audits, OAuth), recordings of live traffic in
public client libraries, and public probes of one account.

Its oddities, all of them the vendor's: `page[size]` alone makes a page a cursor page; the last page still has a cursor
and a link; offset paging ends at 10,000 records and /search at 1,000; the search index is behind; a search's cursor
lives an hour and belongs to its query; lists leave archived tickets out; errors come in four envelopes and as plain
text; /users/me answers a stranger with 200; the incremental exports are for administrators and hide the last minute.
Of writing: the same update twice is done twice; what is not known in it is dropped, and only a header says so; a
comment that does not say whether it is public is as the ticket's first one; a closed ticket refuses every update;
metadata is kept with the audit, and only where the update changed something.

Unverified, from memory: that a repeated organization keyword means "either" (`account.index.repeated_keyword`); how
long a query may be; the status of a start_time that is too recent; that show_many leaves unknown ids out and has
archived tickets; the bounds of page[size]; the body of 429; in which unit what is left of a promise is told, and what
is told of a kept one; where a ticket's metric_set stands; the answer to a bad OAuth client; the bodies of 409, of an
update that is no object and of JSON that does not parse; that a restricted agent may neither update nor read audits;
the name of the bucket of ticket updates; the order in which audits are listed.

Switches beyond the harness's are attributes of `account`, `account.index`, `account.limits` and `account.tokens`.
"""

from typing import Any

from sources.simulation.facts import Fact
from sources.simulation.harness import Harness
from sources.zendesk.simulator.absorbing import World
from sources.zendesk.simulator.account import Account
from sources.zendesk.simulator.app import account_app
from sources.zendesk.simulator.exports import HIDDEN_SECONDS
from sources.zendesk.simulator.rendering import INVOICE_FIELD
from sources.zendesk.simulator.tokens import CLIENT_ID, CLIENT_SECRET


class ZendeskSimulator:
    """One account, filled with facts of the world."""

    holds_back_seconds = HIDDEN_SECONDS
    """What has only just happened is not among the changes yet."""
    keeps_keys = False

    def __init__(self) -> None:
        self.account = Account()
        self.world = World(self.account.records)
        self.harness = Harness(account_app(self.account), reads=("/oauth/tokens",))

    def absorb(self, fact: Fact) -> None:
        """Take a fact of the world into the account's records."""
        self.world.absorb(fact)

    def effects(self, reference: str) -> int:
        """How many comments came with metadata that holds this reference."""
        audits = [audit for several in self.account.records.audits.values() for audit in several]
        return sum(audit.comment is not None and reference in audit.custom.values() for audit in audits)

    def section(self, base_url: str) -> dict[str, Any]:
        """Settings that reach this account by OAuth, with every optional field."""
        return {
            "kind": "zendesk",
            "base_url": base_url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "fields": {
                "invoice_numbers": f"custom_field_{INVOICE_FIELD}",
                "tier": "organization_fields.tier",
                "vip": "organization_fields.vip",
                "contact_role": "user_fields.job_title",
            },
        }
