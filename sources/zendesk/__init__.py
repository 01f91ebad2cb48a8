"""Zendesk Support: organizations and persons as customers, tickets as cases, end users as contacts."""

from pathlib import Path

from sources.plugin import SourcePlugin
from sources.zendesk.adapter import ZendeskAdapter
from sources.zendesk.client import classify
from sources.zendesk.costs import COSTS
from sources.zendesk.golden import map_example
from sources.zendesk.mapping import MAPPING_VERSION
from sources.zendesk.settings import FIELD_FORMS, ZendeskSettings
from sources.zendesk.simulator import ZendeskSimulator

PLUGIN = SourcePlugin(
    kind="zendesk",
    role="support",
    mapping_version=MAPPING_VERSION,
    settings=ZendeskSettings,
    adapter=ZendeskAdapter,
    classify=classify,
    simulator=ZendeskSimulator,
    map_example=map_example,
    costs=COSTS,
    examples=Path(__file__).parent / "examples",
    optional_fields=tuple(FIELD_FORMS),
)
