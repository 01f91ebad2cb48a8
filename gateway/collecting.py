"""How often the process looks for garbage in cycles: seldom, and never among what it holds for good.

A request makes some ten thousand objects, and each look through the oldest generation walks the schema, the policy and
every library besides: that was more than half of a request's processor time. What a request leaves in cycles is small
and soon found.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects before the first look, looks before a wider one, and wider ones before one through everything that is not
# frozen: a request has ended before the first. Looks that are rarer still cost less, and let the process grow without
# end: at (50 000, 50, 1000) by 0.3 MB for each list of fifty customers.
THRESHOLDS = (50_000, 10, 5)


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
