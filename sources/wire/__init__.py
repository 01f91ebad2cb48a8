"""The one seam to the outside: every request to a source passes here, in this order.

deadline -> breaker -> retry -> limiter -> recorder -> transport

Before all of them stands the guard of origins: a credential leaves only to base_url's origin or a listed host.

deadline   no answer is waited for longer than the caller has; nothing left: not asked
breaker    one verdict for each call, after its retries; open: not asked. A probe is tried once
retry      safe requests only, within the deadline and a budget
limiter    a place among max_concurrency, a turn of requests_per_second
recorder   each try: how it ended and how long it took
transport  one try over HTTP (see http/), at most timeout_seconds; the vendor's `classify` then judges the answer
"""
