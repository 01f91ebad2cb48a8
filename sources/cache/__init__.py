"""The two-level cache before the sources: memory of this process, and a Redis that processes share.

- `batch` serves what is fresh, waits for what is being fetched already, and fetches the rest in one call.
- A fault is never kept. Where the source fails, what was last known is served instead (stale-if-error); its
  age shows in its provenance.
- `purge` makes the next `batch` ask the source, in every process; a fetch that began before a purge fills nothing.
- Redis makes it faster, never wrong: without it this process asks the sources more often.
"""

from sources.cache.cache import Cache, Question
from sources.cache.codec import Codec
from sources.cache.memory import Entry

__all__ = ["Cache", "Codec", "Entry", "Question"]
