"""HTTP/1.1 as a client of a few vendors needs it: one request out, one answer back, over connections that are kept.

request      a request as bytes; what HTTP forbids in one is not written
servers      which server a URL names, and what is asked of it
connecting   addresses, sockets, verified TLS
pool         connections under way and kept; the last one given back is taken first
connection   one request at a time over one socket, under one limit
answers      the parser's events (llhttp) made into a status, headers and a body, all bounded
packing      gzip and deflate, bounded
failures     how each of these can fail

There are no redirects, cookies, proxies, second tries, pipelining or HTTP/2. A connection is used again only after an
answer that ended where it said and with nothing behind it; any doubt closes it.
"""
