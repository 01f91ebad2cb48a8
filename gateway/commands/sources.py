"""`c360 sources`: the installed connectors and what each can do."""

import typing

from rich.console import Console
from rich.table import Table

from sources import registry
from sources.plugin import SourcePlugin

WIDTH = 110  # where the output is no terminal, so that a capability's name is not cut


def sources() -> None:
    """List the installed connectors and what each can do."""
    table = Table("kind", "role", "gives", "optional fields", box=None, pad_edge=False, header_style="bold")
    for kind, plugin in registry.installed().items():
        table.add_row(kind, plugin.role, _gives(plugin), ", ".join(plugin.optional_fields) or "-")
    console = Console()
    Console(width=None if console.is_terminal else WIDTH).print(table)


def _gives(plugin: SourcePlugin) -> str:
    capabilities = registry.capabilities_of(_adapter_class(plugin))
    return ", ".join(name.removesuffix("Reads") for name in capabilities)


def _adapter_class(plugin: SourcePlugin) -> object:
    """The class itself, or what a function that builds adapters says that it returns."""
    if isinstance(plugin.adapter, type):
        return plugin.adapter
    return typing.get_type_hints(plugin.adapter).get("return", object)
