"""The durable engine behind a small port: the only folder that knows it."""
