"""Fills the crosswalk with customers that no source has, straight into its tables: a million in a minute or two.

Each is a copy of one that a backfill wrote, with one linked record, under a number, a name and addresses of its own.
Every name has a word that all have, one that a thousandth of them have, and one of its own.
"""

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

COMMON = "werke"
PLACES = 1000
AT_ONCE = 20_000
FIRST_RECORD = 100_000_000  # above the numbers of the records that a backfill wrote
SPREAD = 9_000_000_000  # between the row numbers of two customers; a uid is this number in hexadecimal


def fill(path: Path, begin: int, end: int) -> None:
    """Add the customers numbered so, begin included."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")  # 200 MB: keys come in no order
        templates = Templates(connection)
        numbers = iter(range(begin, end))
        while part := list(islice(numbers, AT_ONCE)):
            templates.insert("customers", (templates.customer(nth) for nth in part))
            templates.insert("records", (templates.record(nth) for nth in part))
            connection.executemany("INSERT INTO match_keys(key, record_id) VALUES (?, ?)", keys(part))
            connection.executemany(
                "INSERT INTO customer_search(rowid, internal, personal, tax) VALUES (?, ?, ?, ?)", terms(part)
            )
            connection.commit()
    connection.close()


class Templates:
    """A customer and one of its records, as a backfill wrote them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        connection.row_factory = sqlite3.Row
        self._customer = dict(connection.execute("SELECT * FROM customers LIMIT 1").fetchone())
        found = connection.execute("SELECT * FROM records WHERE customer_uid = ?", (self._customer["uid"],))
        self._record = dict(found.fetchone())
        golden = msgspec.json.decode(self._customer["golden"])
        self._customer["golden"] = msgspec.json.encode(golden | {"won": []})
        self._number, self._name = self._customer["number"].encode(), self._customer["display_name"].encode()

    def insert(self, table: str, rows: Iterator[dict[str, Any]]) -> None:
        row = self._customer if table == "customers" else self._record
        named = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        self.connection.executemany(f"INSERT INTO {table}({named}) VALUES ({marks})", rows)  # noqa: S608

    def customer(self, nth: int) -> dict[str, Any]:
        return self._customer | {
            "id": nth * SPREAD,
            "uid": uid_of(nth),
            "number": number_of(nth),
            "number_key": number_of(nth).lower(),
            "display_name": name_of(nth),
            "sort_name": name_of(nth).lower(),
            "golden": self._renamed(self._customer["golden"], nth),
        }

    def record(self, nth: int) -> dict[str, Any]:
        return self._record | {
            "id": FIRST_RECORD + nth,
            "record_id": f"bench-{nth:08}",
            "number_key": number_of(nth).lower(),
            "snapshot": self._renamed(self._record["snapshot"], nth),
            "own_uid": uid_of(nth),
            "customer_uid": uid_of(nth),
        }

    def _renamed(self, written: bytes, nth: int) -> bytes:
        return written.replace(self._number, number_of(nth).encode()).replace(self._name, name_of(nth).encode())


def uid_of(nth: int) -> str:
    return f"{nth * SPREAD:016x}"


def number_of(nth: int) -> str:
    return f"B-{nth:08}"


def place_of(nth: int) -> str:
    """The word that a thousandth of the customers have."""
    return f"ort{nth % PLACES:03}"


def name_of(nth: int) -> str:
    return f"{place_of(nth).capitalize()} {nth:08} {COMMON.capitalize()}"


def keys(part: list[int]) -> Iterator[tuple[str, int]]:
    """What rules and exact look-ups find the records by."""
    for nth in part:
        yield f"domain:{nth:08}.example", FIRST_RECORD + nth
        yield f"email:office@{nth:08}.example", FIRST_RECORD + nth
        yield f"name:{name_of(nth).lower()}", FIRST_RECORD + nth


def terms(part: list[int]) -> Iterator[tuple[int, str, str, str]]:
    """What the full-text index has of each, in the order of the row numbers."""
    for nth in part:
        internal = f"b {nth:08} {place_of(nth)} {COMMON} bench example"
        yield nth * SPREAD, internal, f"office {nth:08} example", f"de{nth:09}"
