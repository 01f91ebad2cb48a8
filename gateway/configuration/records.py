"""[records]: which source is the system of record, by kind of record, and for single fields of a customer."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from gateway.configuration.problems import Problem, SettingsError
from sources.systems import ROLES_BY_KIND

SECTION = "records"


class Records(msgspec.Struct, frozen=True):
    """Names of sources, best first; only what differs from the defaults (sources.systems.ROLES_BY_KIND)."""

    systems: Mapping[str, tuple[str, ...]]
    """By kind of record, e.g. "invoice"."""
    fields: Mapping[str, tuple[str, ...]]
    """By field of the customer record, e.g. "legal_name"."""


def read_records(section: Mapping[str, Any], sources: Collection[str]) -> Records:
    """The section, held against the names of the configured sources. Raises SettingsError."""
    systems: dict[str, tuple[str, ...]] = {}
    fields: dict[str, tuple[str, ...]] = {}
    for key, value in _flat(section):
        kind, _, field = key.partition(".")
        if kind not in ROLES_BY_KIND or (field and kind != "customer"):
            raise _wrong(key, f"is not a kind of record; there are {', '.join(ROLES_BY_KIND)} and customer.FIELD")
        names = _names(key, value, sources)
        if field:
            fields[field] = names
        else:
            systems[kind] = names
    return Records(systems, fields)


def _flat(section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """customer.legal_name may be written as a quoted key, or as a table where customer itself keeps its default."""
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{field}", names) for field, names in value.items())
        else:
            yield key, value


def _names(key: str, value: Any, sources: Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _wrong(key, 'is not a list of source names, such as ["erp", "crm"]')
    unknown = next((name for name in value if name not in sources), None)
    if unknown is not None:
        raise _wrong(key, f'names "{unknown}", which is not a configured source; there are {", ".join(sources)}')
    return tuple(value)


def _wrong(key: str, sentence: str) -> SettingsError:
    return SettingsError([Problem(SECTION, key, sentence)])
