"""Salesforce as the CRM: accounts, contacts, contracts, opportunities."""

from pathlib import Path

from sources.plugin import SourcePlugin
from sources.salesforce.adapter import SalesforceAdapter
from sources.salesforce.classify import classify
from sources.salesforce.costs import COSTS
from sources.salesforce.golden import map_example
from sources.salesforce.mapping import MAPPING_VERSION
from sources.salesforce.settings import SalesforceSettings
from sources.salesforce.shapes import OPTIONAL_FIELDS
from sources.salesforce.simulator import SalesforceSimulator

PLUGIN = SourcePlugin(
    kind="salesforce",
    role="crm",
    mapping_version=MAPPING_VERSION,
    settings=SalesforceSettings,
    adapter=SalesforceAdapter,
    classify=classify,
    simulator=SalesforceSimulator,
    map_example=map_example,
    costs=COSTS,
    examples=Path(__file__).parent / "examples",
    optional_fields=OPTIONAL_FIELDS,
)
