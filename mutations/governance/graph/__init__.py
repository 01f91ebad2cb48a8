"""The governed writes as GraphQL: the only folder of governance that knows it."""
