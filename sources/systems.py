"""Which source plays which role, and how it is reached."""

import msgspec

from sources.canonical.provenance import Origin
from sources.plugin import Adapter, SourcePlugin, SourceSettings


class System(msgspec.Struct, frozen=True, kw_only=True):
    """One configured source, ready to be asked."""

    origin: Origin  # name, kind, uid, mapping version
    plugin: SourcePlugin
    settings: SourceSettings
    adapter: Adapter

    @property
    def name(self) -> str:
        return self.origin.system

    @property
    def role(self) -> str:
        return self.plugin.role
