"""Records: where they came from, aware times, exact money; golden examples; what a plugin must say of itself."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from sources import registry
from sources.canonical.crm import Opportunity
from sources.canonical.customer import CustomerRecord
from sources.canonical.money import Money
from sources.canonical.provenance import Listed, Origin, Record
from sources.capabilities import Page
from sources.plugin import SourcePlugin
from tests.contracts.small_world import RICH
from tests.contracts.source_under_test import BATCHED, Source

ROLES = ("support", "billing", "erp", "crm")


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Every field of every struct inside a value, with the struct's and the field's name."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            yield f"{type(value).__name__}.{name}", inner
            yield from parts(inner)
    elif isinstance(value, tuple | list | frozenset):
        for inner in value:
            yield from parts(inner)


def records(value: Any) -> Iterator[Record]:
    if isinstance(value, Record):
        yield value
    for _, inner in parts(value):
        if isinstance(inner, Record):
            yield inner


@pytest.mark.methods(*BATCHED)
async def test_every_record_says_where_it_came_from(light: Source, method: str) -> None:
    before = datetime.now(UTC)
    answer = await light.ask(method, await light.keys(method, RICH))
    host = urlsplit(light.base_url).hostname
    for record in (record for value in answer.values() for record in records(unpaged(value))):
        provenance = record.provenance
        assert (provenance.system, provenance.kind) == ("under-test", light.plugin.kind)
        assert provenance.source == f"src-{light.plugin.kind}"
        assert provenance.mapping_version == light.plugin.mapping_version
        assert provenance.record_id
        assert before - timedelta(seconds=5) <= provenance.fetched_at <= datetime.now(UTC)
        if provenance.url is not None:
            parts_of_url = urlsplit(provenance.url)
            assert parts_of_url.scheme == "https" or parts_of_url.hostname == host
            assert parts_of_url.username is None
            assert not any(secret in provenance.url for secret in light.settings().secrets())


def unpaged(value: Any) -> Any:
    return value.records if isinstance(value, Page) else value


@pytest.mark.methods(*BATCHED)
async def test_times_are_aware_and_utc_and_no_amount_is_a_float(light: Source, method: str) -> None:
    answer = await light.ask(method, await light.keys(method, RICH))
    for name, value in parts([unpaged(value) for value in answer.values()]):
        if isinstance(value, datetime):
            assert value.utcoffset() == timedelta(0), name
        assert not isinstance(value, float) or name == f"{Opportunity.__name__}.probability", name
        if isinstance(value, Money):
            assert type(value.minor) is int
            assert value.currency.isupper()
            assert len(value.currency) == 3


@pytest.mark.methods(*BATCHED)
async def test_a_record_survives_the_cache(light: Source, method: str) -> None:
    """What an answer holds can be packed and unpacked, as the shared cache does, without a loss."""
    answer = await light.ask(method, await light.keys(method, RICH))
    for value in answer.values():
        for record in records(unpaged(value)):
            packed = msgspec.msgpack.encode(record)
            assert msgspec.msgpack.decode(packed, type=type(record)) == record
        if isinstance(value, CustomerRecord):
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=CustomerRecord) == value


@pytest.mark.methods("invoices_of", "cases_of", "payments_of", "contracts_of", "orders_of")
async def test_a_listed_record_belongs_to_the_customer_it_was_listed_for(light: Source, method: str) -> None:
    ref = await light.ref_of(RICH)
    for record in await light.whole_list(method, ref):
        assert isinstance(record, Listed)
        assert record.customer_ref == ref


def plugin_of(kind: str) -> SourcePlugin:
    return registry.plugin(kind)


def examples(plugin: SourcePlugin) -> list[Path]:
    return sorted(plugin.examples.glob("*.json"))


class Example(msgspec.Struct):
    """A golden example: what the vendor said, and what that means."""

    type: str
    input: msgspec.Raw
    expected: Any


class RawExample(msgspec.Struct):
    """A golden example whose expectation is looked at as it was written."""

    expected: msgspec.Raw


def test_every_golden_example_maps_to_what_is_expected(kind: str) -> None:
    plugin = plugin_of(kind)
    assert examples(plugin), f"{plugin.examples} holds no golden example"
    for path in examples(plugin):
        example = msgspec.json.decode(path.read_bytes(), type=Example)
        origin = Origin("under-test", kind, "src-under-test", plugin.mapping_version)
        mapped = msgspec.to_builtins(plugin.map_example(example.type, bytes(example.input), origin))
        again = msgspec.json.decode(msgspec.json.encode(mapped))
        assert without_origin(again) == without_origin(example.expected), path.name


def without_origin(value: Any) -> Any:
    """The value without what depends on who asked and when."""
    if isinstance(value, dict):
        return {k: without_origin(v) for k, v in value.items() if k not in ("fetched_at", "system", "source")}
    return [without_origin(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.roles("billing", "erp")
def test_the_examples_show_a_yen_and_a_dinar_where_there_is_money(kind: str) -> None:
    plugin = plugin_of(kind)
    text = b"".join(path.read_bytes() for path in examples(plugin)).upper()
    assert b'"JPY"' in text
    assert any(f'"{code}"'.encode() in text for code in ("KWD", "BHD", "JOD", "OMR", "TND"))


def test_a_plugin_says_what_the_house_needs_to_know(kind: str) -> None:
    plugin = plugin_of(kind)
    assert plugin.kind == kind == kind.lower()
    assert plugin.role in ROLES
    assert plugin.mapping_version >= 1
    assert plugin.settings.model_fields["customer_key"].get_default(), "every kind has a default for customer_key"


def test_an_unknown_key_in_the_section_is_refused_by_name(kind: str) -> None:
    plugin = plugin_of(kind)
    section = {"kind": kind, **plugin.simulator().section("http://127.0.0.1:9"), "bogus_key": 1}
    with pytest.raises(ValueError, match="bogus_key"):
        plugin.settings.model_validate(section)


def test_a_name_in_fields_that_the_source_does_not_know_is_refused(kind: str) -> None:
    plugin = plugin_of(kind)
    section = {"kind": kind, **plugin.simulator().section("http://127.0.0.1:9"), "fields": {"no_such_field": "x"}}
    with pytest.raises(ValueError, match="no_such_field"):
        plugin.settings.model_validate(section)


def test_the_simulators_section_names_every_optional_field(kind: str) -> None:
    plugin = plugin_of(kind)
    section = plugin.simulator().section("http://127.0.0.1:9")
    assert set(section.get("fields", {})) <= set(plugin.optional_fields)


async def test_every_connector_reads_customers(light: Source) -> None:
    assert "CustomerReads" in light.capabilities


def test_no_amount_of_an_example_is_written_as_a_binary_fraction(kind: str) -> None:
    """A Decimal that went through a float shows it: 19.990000000000002."""
    for path in examples(plugin_of(kind)):
        example = msgspec.json.decode(path.read_bytes(), type=RawExample)
        for number in numbers(json.loads(bytes(example.expected), parse_float=Decimal)):
            assert len(str(number).partition(".")[2]) <= 12, f"{path.name}: {number}"


def numbers(value: Any) -> Iterator[Decimal]:
    if isinstance(value, Decimal):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers(inner)
