"""Stripe: customers, subscriptions, invoices, charges, refunds, credit notes, disputes."""

from pathlib import Path

from sources.plugin import SourcePlugin
from sources.stripe.adapter import StripeAdapter
from sources.stripe.answers import classify
from sources.stripe.costs import COSTS
from sources.stripe.golden import map_example
from sources.stripe.loading import loader
from sources.stripe.mapping import MAPPING_VERSION
from sources.stripe.settings import OPTIONAL_FIELDS, StripeSettings
from sources.stripe.simulator import StripeSimulator

PLUGIN = SourcePlugin(
    kind="stripe",
    role="billing",
    mapping_version=MAPPING_VERSION,
    settings=StripeSettings,
    adapter=StripeAdapter,
    classify=classify,
    simulator=StripeSimulator,
    map_example=map_example,
    costs=COSTS,
    examples=Path(__file__).parent / "examples",
    optional_fields=OPTIONAL_FIELDS,
    loader=loader,
)
