"""The one seam to the outside: every request to a source passes here, in this order.

deadline -> breaker -> retry -> limiter -> recorder -> transport
"""
