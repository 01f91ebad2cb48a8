"""How numbers, addresses, domains and names are brought into one form, so that equal ones are equal."""

import importlib.resources
import re
import unicodedata
from functools import cache, lru_cache
from urllib.parse import urlsplit

import phonenumbers

LOCAL_DIGITS = 6  # fewer digits than this are an extension, not a telephone number
REMEMBERED = 8192  # values of which the normal form is kept: a record's are asked for several times in one pass
WORD = re.compile(r"[^\W_]+")
EU_VAT_PREFIX = {"EL": "GR", "XI": "GB"}  # VAT numbers of Greece and Northern Ireland carry these. Source: VIES


@cache
def listed(name: str) -> frozenset[str]:
    """The lines of a packaged list, without comments."""
    lines = (importlib.resources.files("sources.crosswalk.data") / name).read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def storable(text: str) -> str:
    """Without the character that PostgreSQL cannot keep."""
    return text.replace("\x00", "")


def folded(text: str) -> str:
    """Without case, accents and width: "Müller" and "MULLER" are the same."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The folded letters and digits between everything else, in order."""
    return WORD.findall(folded(text))


def number(value: str | None) -> str | None:
    """A customer's number: case and spaces do not count."""
    return "".join(value.casefold().split()) or None if value else None


def email(value: str) -> str | None:
    """An e-mail address in lower case; None where it is none."""
    value = value.strip().lower()
    local, at, host = value.rpartition("@")
    return value if at and local and "." in host and not any(c.isspace() for c in value) else None


def domain(value: str) -> str | None:
    """The host of a web site, URL or bare domain, without www; None where it is none."""
    value = value.strip().lower().removeprefix("@")
    if "@" in value:
        return None
    try:
        host = urlsplit(value if "//" in value else f"//{value}").hostname or ""
    except ValueError:  # an unclosed bracket
        return None
    host = host.rstrip(".").removeprefix("www.")
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return None
    labels = host.split(".")
    return host if len(labels) > 1 and all(labels) and not labels[-1].isdigit() else None


@lru_cache(REMEMBERED)
def own_domain(value: str) -> str | None:
    """A domain that can only be one owner's: no mailbox provider, public suffix or shared platform."""
    host = domain(value)
    if host is None or host in listed("shared_domains.txt"):
        return None
    labels = host.split(".")
    parents = (".".join(labels[i:]) for i in range(len(labels) - 1))
    return None if any(parent in listed("free_mail.txt") for parent in parents) else host


@lru_cache(REMEMBERED)
def phone(value: str, region: str | None) -> tuple[str | None, str | None]:
    """(the number in E.164, its digits without country and leading zeros); None for what it does not say."""
    try:
        parsed = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        parsed = None
    long_enough = parsed is not None and len(str(parsed.national_number)) >= LOCAL_DIGITS
    if parsed is not None and long_enough and phonenumbers.is_possible_number(parsed):
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return e164, str(parsed.national_number)
    digits = "".join(c for c in value if c.isdigit()).lstrip("0")
    return None, digits if len(digits) >= LOCAL_DIGITS else None


@lru_cache(REMEMBERED)
def tax_id(value: str, tax_type: str = "", country: str | None = None) -> tuple[str | None, str | None]:
    """(country and number, number alone). The country is the number's prefix, else the type's, else `country`.

    Types are named as Stripe names them, e.g. us_ein, gb_vat, eu_vat. Source: Stripe API, Tax IDs.
    """
    compact = "".join(WORD.findall(value.upper()))
    if len(compact) < 4 or not any(c.isdigit() for c in compact):
        return None, None
    if compact[:2].isalpha() and compact[:2].isascii() and any(c.isdigit() for c in compact[2:]):
        return EU_VAT_PREFIX.get(compact[:2], compact[:2]) + compact[2:], compact[2:]
    prefix = tax_type[:2].upper() if "_" in tax_type and tax_type[:3].lower() != "eu_" else ""
    region = prefix if len(prefix) == 2 and prefix.isalpha() else (country or "").upper()
    return (region + compact if len(region) == 2 else None), compact


@lru_cache(REMEMBERED)
def name(value: str) -> str | None:
    """A company's name without legal form and punctuation: "ACME Tools GmbH & Co. KG" is "acme tools"."""
    parts = words("".join(c for c in value if c != "."))
    forms = listed("legal_forms.txt")
    while len(parts) > 1 and parts[-1] in forms:
        parts.pop()
    return " ".join(parts) or None
