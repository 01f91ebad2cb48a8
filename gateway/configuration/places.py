"""Where the gateway may send to of its own accord: https, and no place inside the house that nobody listed."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from gateway.configuration.sections import is_loopback

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 within IPv6, behind a NAT64. Source: RFC 6052


def why_not(url: str, allow: Collection[str]) -> str | None:
    """What of a URL is wrong, as far as it can be told without asking for its name; None where nothing is."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        return "is no https URL"
    if parts.username is not None or parts.fragment:
        return "holds a credential or a fragment"
    if parts.scheme == "http" and not (is_loopback(host) and host in allow):
        return "is not https (http is for a loopback host that is listed in allow)"
    if host not in allow and not (_is_name(host) or is_public(host)):
        return "leads to an address that is not public, and is not listed in allow"
    return None


def is_public(address: str) -> bool:
    """Whether it is an address of the public internet; one of IPv6 that stands for one of IPv4 is judged as that."""
    found: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        within = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in TRANSLATED:
            within = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if within:
            found = within
        elif found.is_site_local:
            return False
    return found.is_global and not found.is_multicast


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
