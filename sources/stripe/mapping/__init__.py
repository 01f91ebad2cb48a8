"""Stripe's shapes to canonical records: pure functions."""

from sources.stripe.mapping.common import MAPPING_VERSION, Mapping

__all__ = ["MAPPING_VERSION", "Mapping"]
