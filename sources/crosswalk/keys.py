"""The match keys of a record: what the rules compare, and what look-ups find a customer by.

A key is "kind:value". The kinds of RULE_KINDS are weighed by the rules; phone_local and tax_local are the same
without their country, for people who type them so, and prove nothing.
"""

from collections.abc import Iterable, Iterator

from sources.canonical.customer import CustomerKind, CustomerRecord
from sources.crosswalk import normal
from sources.crosswalk.words import LookupKey

RULE_KINDS = ("tax_id", "domain", "email", "phone", "name")


def kind_of(key: str) -> str:
    return key.partition(":")[0]


def keys_of(record: CustomerRecord, region: str | None) -> frozenset[str]:
    """All match keys of a record; a deleted one has none. `region` reads telephone numbers without a country."""
    if record.deleted:
        return frozenset()
    country = country_of(record)
    return frozenset(
        [
            *_prefixed("tax_id", "tax_local", (normal.tax_id(t.value, t.type, country) for t in record.tax_ids)),
            *_prefixed("phone", "phone_local", (normal.phone(p, (country or region)) for p in record.phones)),
            *(f"email:{email}" for email in map(normal.email, record.emails) if email),
            *(f"domain:{domain}" for domain in map(normal.own_domain, _domains(record)) if domain),
            *(f"name:{name}" for name in map(normal.name, (record.name, record.legal_name or "")) if name),
        ]
    )


def country_of(record: CustomerRecord) -> str | None:
    """The ISO 3166 code of the first address that has one."""
    return next((a.country for a in record.addresses if a.country and len(a.country) == 2), None)


def tax_keys(record: CustomerRecord) -> set[str]:
    """The keys of the record's tax numbers whose country is known."""
    country = country_of(record)
    full = (normal.tax_id(t.value, t.type, country)[0] for t in record.tax_ids)
    return {f"tax_id:{value}" for value in full if value}


def _prefixed(sure: str, local: str, pairs: Iterable[tuple[str | None, str | None]]) -> Iterator[str]:
    for full, bare in pairs:
        if full:
            yield f"{sure}:{full}"
        if bare:
            yield f"{local}:{bare}"


def _domains(record: CustomerRecord) -> Iterator[str]:
    yield from record.domains
    if record.website:
        yield record.website
    if record.kind is CustomerKind.ORGANIZATION:  # a person's mailbox is at an employer's or a provider's domain
        yield from (email.rpartition("@")[2] for email in record.emails)


def lookup_keys(key: LookupKey, region: str | None) -> tuple[str, ...]:
    """The match keys that a look-up by e-mail, domain, phone or tax id means; empty where it can mean none.

    A number with its country is looked up as such; without one it may mean any country's.
    """
    value = key.value
    if key.kind == "email":
        found = normal.email(value)
        return (f"email:{found}",) if found else ()
    if key.kind == "domain":
        found = normal.domain(value)
        return (f"domain:{found}",) if found else ()
    if key.kind == "phone":
        full, bare = normal.phone(value, region)
        return (f"phone:{full}",) if full else (f"phone_local:{bare}",) if bare else ()
    if key.kind == "tax_id":
        full, bare = normal.tax_id(value)
        return (f"tax_id:{full}",) if full else (f"tax_local:{bare}",) if bare else ()
    return ()
