"""What every governed mutation shares: rules, plans, approvals, sagas, the engine, the audit log."""
