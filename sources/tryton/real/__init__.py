"""A real Tryton on PostgreSQL, as child processes: built once, filled with the world's facts, started in seconds."""
