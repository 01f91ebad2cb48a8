"""Streams: what is told as it happens, over server-sent events and over WebSockets.

results.py an event becomes an answer, in a context of its own · endings.py why a stream ends · connections.py what is
open, so that it can be bounded and ended · events.py server-sent events · socket.py, conversation.py, messages.py
graphql-transport-ws · presence.py notices that a client has gone
"""
