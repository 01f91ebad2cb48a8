"""Tryton as the ERP: the books of one company in one database, over the server's REST API.

Source: Tryton server 8.2 with the modules account, account_invoice, and, where they are activated,
account_credit_limit, account_dunning, party_relationship and sale.
"""

from pathlib import Path

from sources.plugin import SourcePlugin
from sources.tryton.adapter import TrytonAdapter
from sources.tryton.client import classify
from sources.tryton.costs import COSTS
from sources.tryton.golden import map_example
from sources.tryton.mapping import MAPPING_VERSION
from sources.tryton.real.loading import tryton
from sources.tryton.settings import OPTIONAL_FIELDS, TrytonSettings
from sources.tryton.simulator import TrytonSimulator

PLUGIN = SourcePlugin(
    kind="tryton",
    role="erp",
    mapping_version=MAPPING_VERSION,
    settings=TrytonSettings,
    adapter=TrytonAdapter,
    classify=classify,
    simulator=TrytonSimulator,
    map_example=map_example,
    costs=COSTS,
    examples=Path(__file__).with_name("examples"),
    optional_fields=OPTIONAL_FIELDS,
    loader=tryton,
)
