"""Streams: what is told as it happens, and the noticing that a client has gone."""
