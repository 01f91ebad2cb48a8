"""What the development issuer refuses to stand beside: anything that is not this machine."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from gateway.configuration.problems import Problem, SettingsError
from gateway.configuration.sections import is_loopback

WHY = "is not loopback, and identity.development = true hands out tokens to whoever asks on this machine"


def require_loopback(host: str, base_urls: Mapping[str, str]) -> None:
    """Raise SettingsError unless the gateway and every source are on this machine."""
    problems = [] if is_loopback(host) else [Problem("gateway", "host", WHY)]
    for name, url in base_urls.items():
        if not is_loopback(urlsplit(url).hostname):
            problems.append(Problem(f"sources.{name}", "base_url", WHY))
    if problems:
        raise SettingsError(problems)
