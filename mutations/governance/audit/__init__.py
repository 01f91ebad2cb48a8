"""The audit log: append-only, chained, checkpointed, verifiable by others."""
