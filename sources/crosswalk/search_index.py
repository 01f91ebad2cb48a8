"""The full-text index of customers: what goes into it, with a column for each class of sensitivity.

The terms are folded and split here, alike for both databases, so that neither's own parser matters.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.customer import CustomerRecord
from sources.crosswalk import normal

COLUMNS = ("internal", "personal", "tax")
PERSONAL_KINDS = frozenset(["email", "phone", "phone_local"])
TAX_KINDS = frozenset(["tax_id", "tax_local"])

DELETE = {
    "sqlite": text("DELETE FROM customer_search WHERE rowid = :id"),
    "postgresql": text("DELETE FROM customer_search WHERE id = :id"),
}
INSERT = {
    "sqlite": text(
        "INSERT INTO customer_search(rowid, internal, personal, tax) VALUES (:id, :internal, :personal, :tax)"
    ),
    "postgresql": text(
        "INSERT INTO customer_search(id, internal, personal, tax) VALUES (:id, array_to_tsvector(:internal), "
        "array_to_tsvector(:personal), array_to_tsvector(:tax))"
    ),
}


def terms(number: str | None, said: Iterable[tuple[CustomerRecord, Iterable[str]]]) -> dict[str, list[str]]:
    """The words by which a customer is found, for each class, out of its records and their keys."""
    internal = [number or ""]
    personal: list[str] = []
    tax: list[str] = []
    for record, keys in said:
        internal += [record.name, record.legal_name or "", record.ref.id, *record.domains]
        personal += record.emails
        for key in keys:
            kind, _, value = key.partition(":")
            if kind == "domain":
                internal.append(value)
            elif kind in PERSONAL_KINDS:
                personal.append(value)
            elif kind in TAX_KINDS:
                tax.append(value)
    return {column: _split(values) for column, values in zip(COLUMNS, (internal, personal, tax), strict=True)}


def _split(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for value in values for word in normal.words(value)))


async def reindex(
    connection: AsyncConnection, dialect: str, gone: Iterable[int], entries: dict[int, dict[str, list[str]]]
) -> None:
    """Write the entries of customers anew, by their row numbers; `gone` lose theirs.

    In the order of the row numbers: FTS5 flushes its buffer whenever a number is lower than the one before.
    """
    if ids := sorted({*gone, *entries}):
        await connection.execute(DELETE[dialect], [{"id": ident} for ident in ids])
    if entries:
        await connection.execute(INSERT[dialect], [_entry(dialect, i, entries[i]) for i in sorted(entries)])


def _entry(dialect: str, ident: int, columns: dict[str, list[str]]) -> dict[str, Any]:
    if dialect == "sqlite":
        return {"id": ident, **{column: " ".join(words) for column, words in columns.items()}}
    return {"id": ident, **columns}
