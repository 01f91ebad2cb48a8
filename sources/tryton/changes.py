"""What changed since a watermark, by the stamps that the database's own clock puts on every record.

A record carries the time at which its transaction began and is seen when that ended: so the last minutes are asked for
again each time, and what was told already is remembered. What is deleted leaves no stamp and is not told. Source:
Tryton server, ModelSQL: create_date and write_date.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from sources.canonical.provenance import CustomerRef
from sources.capabilities import Change, Changes
from sources.faults import NotOffered, Refused
from sources.tryton import shapes
from sources.tryton.client import BATCH, Client, NotAllowed
from sources.tryton.mapping import PARTY, ref_of
from sources.tryton.values import Domain, moment_value

OVERLAP = timedelta(minutes=5)  # longer than the longest transaction: posting 38 invoices at once took two
REMEMBERED = 2000  # told within the overlap; what is forgotten is told twice
HANGING_ON_A_PARTY = ("addresses", "identifiers", "contact_mechanisms")
DOCUMENTS = {"account.invoice": "Invoice", "sale.sale": "Order"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Watermark(msgspec.Struct, kw_only=True):
    """Up to where changes were told."""

    since: datetime  # the newest stamp of the last finished sweep
    newest: datetime  # the newest stamp of the sweep under way
    done: dict[str, int] = {}  # model -> the last id told in the sweep under way
    told: dict[str, datetime] = {}  # "model,id" -> its stamp, within the overlap


class ChangeFeed:
    """Implements ChangeReads: three calls a question, one for each model."""

    def __init__(self, client: Client, company: int) -> None:
        self._client = client
        self._company = company

    async def changes(self, watermark: str | None) -> Changes:
        """What changed; a sweep over more than 500 records of a model goes on with the next question."""
        if watermark is None:
            return await self._start()
        try:
            mark = msgspec.json.decode(watermark, type=Watermark)
        except msgspec.MsgspecError:
            raise Refused("the watermark is not one of this source") from None
        return await self._sweep(mark)

    async def _start(self) -> Changes:
        newest = max(await asyncio.gather(*(self._newest(model) for model in (PARTY, *DOCUMENTS))))
        mark = Watermark(since=newest, newest=newest)
        while True:
            answer = await self._sweep(mark)
            if not answer.more:
                return Changes((), answer.watermark)
            mark = msgspec.json.decode(answer.watermark, type=Watermark)

    async def _newest(self, model: str) -> datetime:
        """The stamp of what changed last."""
        stamps = [EPOCH]
        for field in ("write_date", "create_date"):
            order = [(field, "DESC NULLS LAST")]
            try:
                found = await self._read(model, [], shapes.Touched, [], order=order, limit=1)
            except (NotOffered, NotAllowed):
                return EPOCH
            stamps += [row.stamp.at for row in found if row.stamp]
        return max(stamps)

    async def _sweep(self, mark: Watermark) -> Changes:
        found = await asyncio.gather(
            self._parties(mark), *(self._documents(model, kind, mark) for model, kind in DOCUMENTS.items())
        )
        more = any(len(part) == BATCH for part in found)
        told = dict(mark.told)
        fresh: list[Change] = []
        done = dict(mark.done)
        for model, part in zip((PARTY, *DOCUMENTS), found, strict=True):
            for change in part:
                key = f"{model},{change.record_id}"
                if told.get(key) != change.at:
                    fresh.append(change)
                told[key] = change.at
                done[model] = int(change.record_id)
        newest = max([mark.newest, *(change.at for change in fresh)])
        since = mark.since if more else newest
        kept = sorted((at, key) for key, at in told.items() if at >= since - OVERLAP)[-REMEMBERED:]
        after = Watermark(since=since, newest=newest, done=done if more else {}, told={key: at for at, key in kept})
        return Changes(tuple(fresh), msgspec.json.encode(after).decode(), more)

    async def _parties(self, mark: Watermark) -> list[Change]:
        fields = [f"{part}.{stamp}" for part in HANGING_ON_A_PARTY for stamp in ("create_date", "write_date")]
        since = moment_value(mark.since - OVERLAP)
        touched: Domain = ["OR"]
        for prefix in ("", *(f"{part}." for part in HANGING_ON_A_PARTY)):
            touched += [[[f"{prefix}write_date", ">=", since]], [[f"{prefix}create_date", ">=", since]]]
        domain = [touched, ["active", "in", [True, False]], ["id", ">", mark.done.get(PARTY, 0)]]
        rows = await self._read(PARTY, domain, shapes.TouchedParty, fields, order=[("id", "ASC")], limit=BATCH)
        return [Change("customer", str(row.id), ref_of(row.id), max(_stamps(row), default=mark.since)) for row in rows]

    async def _documents(self, model: str, kind: str, mark: Watermark) -> list[Change]:
        since = moment_value(mark.since - OVERLAP)
        touched: Domain = ["OR", [["write_date", ">=", since]], [["create_date", ">=", since]]]
        invoices = model == "account.invoice"
        ours: Domain = [["company", "=", self._company], *([["type", "=", "out"]] if invoices else [])]
        domain = [touched, *ours, ["id", ">", mark.done.get(model, 0)]]
        fields = ["party", *(["total_amount"] if invoices else [])]
        try:
            rows = await self._read(model, domain, shapes.TouchedDocument, fields, order=[("id", "ASC")], limit=BATCH)
        except (NotOffered, NotAllowed):  # `check` says so
            return []
        return [_change(row, kind, mark.since) for row in rows]

    async def _read(
        self, model: str, domain: Domain, shape: type[Any], fields: Sequence[str], **options: Any
    ) -> Sequence[Any]:
        found = await self._client.search(model, domain, shape, ["create_date", "write_date", *fields], **options)
        return found.records


def _change(row: shapes.TouchedDocument, kind: str, otherwise: datetime) -> Change:
    credit = row.total_amount is not None and row.total_amount.decimal < 0
    ref: CustomerRef = ref_of(row.party)
    return Change("CreditMemo" if credit else kind, str(row.id), ref, row.stamp.at if row.stamp else otherwise)


def _stamps(party: shapes.TouchedParty) -> list[datetime]:
    touched = (party, *party.addresses, *party.identifiers, *party.mechanisms)
    return [each.stamp.at for each in touched if each.stamp]
