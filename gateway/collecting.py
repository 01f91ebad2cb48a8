"""How often the process looks for garbage in cycles: seldom, and never among what it holds for good.

A request makes some ten thousand objects, and each look through the oldest generation walks the schema, the policy and
every library besides: that was more than half of a request's processor time. What a request leaves in cycles is small
and found by the young generations.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects before the first look, looks before a wider one, and wider ones before one through everything: a request
# has ended before the first, and a process that answers a hundred a second looks through everything once an hour.
THRESHOLDS = (50_000, 50, 1000)


@contextmanager
def seldom() -> Iterator[None]:
    """Look seldom meanwhile; what there is now is looked at no more."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
