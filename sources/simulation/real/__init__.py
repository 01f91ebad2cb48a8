"""Real servers out of wheels, as ordinary child processes: PostgreSQL, Valkey, a fake Stripe, Tryton.

For the demo (`--real`) and the tests. Nothing here is imported where the gateway serves. The GPL programs live in a
virtual environment of their own (servers_environment.py) and are spoken to over HTTP only.
"""
