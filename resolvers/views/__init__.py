"""What is composed from several systems: status, timeline, ledger, sources."""
