"""The demo's world: some hundred made-up customers and two years of what happened to them.

Deterministic from a seed; the systems agree with one another but for the cast (`cast.py`), whose stories are there
to be found. `living.py` tells what happens next.
"""

from sources.simulation.world.cast import BY_KEY, CAST, Part
from sources.simulation.world.history import customers_only, world
from sources.simulation.world.living import Living

__all__ = ["BY_KEY", "CAST", "Living", "Part", "customers_only", "world"]
