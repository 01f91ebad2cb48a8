"""GraphQL over HTTP: a body within its limits -> parameters -> a document -> an operation -> an answer.

endpoint.py    the way of a request over POST and GET; streams/ that of SSE, multipart and WebSocket
browsers.py    pages of other sites · negotiation.py Accept · explorer.py a page for development
parameters.py  what was asked, out of bodies.py or a URL
texts.py       which text is meant: brought, trusted.py, persisted.py
documents.py   parsed, within measuring.py, validated once · preparing.py the operation, one mutation field
operations.py  who asks, may it run (costs.py), its result: the same for every transport
answers.py     what goes back · wording.py in plain words · refusals.py why not
"""
