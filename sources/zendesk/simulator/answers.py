"""Records as they stand in an answer, with what was asked to come along."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from sources.zendesk.simulator import rendering
from sources.zendesk.simulator.account import Account
from sources.zendesk.simulator.asking import base_of, included
from sources.zendesk.simulator.records import Ticket

Json = dict[str, Any]


class Answers:
    """What the endpoints of one account have in common."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._records = account.records

    def _tickets(self, found: Sequence[Ticket], request: Request) -> Json:
        account, base, include = self._account, base_of(request), included(request)
        rows = [rendering.ticket(ticket, base, own_statuses=account.own_statuses) for ticket in found]
        for row, ticket in zip(rows, found, strict=True):
            if "slas" in include and account.slas_offered:
                row["slas"] = rendering.slas(ticket, account.now(), null_breach_at=account.sla_null_breach_at)
            if "metric_sets" in include:
                row["metric_set"] = rendering.metric_set(ticket)
        body: Json = {"tickets": rows}
        if "users" in include:
            body["users"] = rendering.named_in(self._records, found, base)
        return body

    def _organization(self, id: int, request: Request) -> Json:
        return rendering.organization(self._records.organizations[id], base_of(request))

    def _user(self, id: int, request: Request) -> Json:
        return rendering.user(self._records.users[id], base_of(request))
