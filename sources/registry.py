"""Which connectors are installed, found without being named.

Two places are looked at: the folders beside this file whose package has a `PLUGIN`, and the entry point group
`customer360.sources` of installed distributions, each of which leads to a SourcePlugin.

RegistryError
├── UnknownKind     nobody offers that kind; names the ones that are there
├── DuplicateKind   two plugins offer the same kind; names both
└── NotAPlugin      a folder or an entry point leads to something else, or cannot be imported
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType

import sources
from sources import capabilities
from sources.plugin import SourcePlugin

ENTRY_POINT_GROUP = "customer360.sources"
PLUGIN_NAME = "PLUGIN"


class RegistryError(Exception):
    """The installed connectors do not make sense; the text is one sentence for the operator."""


class UnknownKind(RegistryError):
    """Nobody offers that kind."""


class DuplicateKind(RegistryError):
    """Two plugins offer the same kind."""


class NotAPlugin(RegistryError):
    """Something claims to be a connector and is not."""


@cache
def installed() -> Mapping[str, SourcePlugin]:
    """Every connector that is installed, by its kind, in the order of the kinds. Raises RegistryError."""
    found: dict[str, tuple[str, SourcePlugin]] = {}
    for place, plugin in [*folders(sources), *distributions()]:
        if plugin.kind in found and found[plugin.kind][1] is not plugin:
            raise DuplicateKind(f'both {found[plugin.kind][0]} and {place} offer the source kind "{plugin.kind}"')
        found.setdefault(plugin.kind, (place, plugin))
    return MappingProxyType({kind: found[kind][1] for kind in sorted(found)})


def plugin(kind: str) -> SourcePlugin:
    """The connector of that kind; raises UnknownKind, which names those that are installed."""
    known = installed()
    if kind not in known:
        raise UnknownKind(f'there is no source kind "{kind}"; installed: {", ".join(known) or "none"}')
    return known[kind]


def folders(package: ModuleType) -> Iterator[tuple[str, SourcePlugin]]:
    """The connectors among the sub-packages of `package`, with the name of where each was found."""
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if module.ispkg:
            offered = getattr(importlib.import_module(module.name), PLUGIN_NAME, None)
            if offered is not None:
                yield module.name, _checked(module.name, offered)


def distributions() -> Iterator[tuple[str, SourcePlugin]]:
    """The connectors that installed distributions offer through the entry point group."""
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value)):
        place = f"the entry point {point.name} = {point.value}"
        try:
            offered = point.load()
        except (ImportError, AttributeError) as error:
            raise NotAPlugin(f"{place} cannot be loaded: {error}") from error
        yield place, _checked(place, offered)


def _checked(place: str, offered: object) -> SourcePlugin:
    if not isinstance(offered, SourcePlugin):
        raise NotAPlugin(f"{place} is a {type(offered).__name__}, not a SourcePlugin")
    return offered


def capabilities_of(adapter: object) -> tuple[str, ...]:
    """The names of the protocols of capabilities.py that an adapter, or a class of adapters, implements."""
    return tuple(name for name, methods in _PROTOCOLS.items() if all(_offers(adapter, method) for method in methods))


def _offers(adapter: object, method: str) -> bool:
    return callable(getattr(adapter, method, None))


def _methods(protocol: type) -> tuple[str, ...]:
    return tuple(name for name, member in vars(protocol).items() if inspect.isfunction(member) and name[0] != "_")


_PROTOCOLS: Mapping[str, tuple[str, ...]] = {
    name: _methods(protocol)
    for name, protocol in vars(capabilities).items()
    if inspect.isclass(protocol)
    and protocol.__module__ == capabilities.__name__
    and getattr(protocol, "_is_protocol", False)
}
