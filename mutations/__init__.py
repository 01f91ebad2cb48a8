"""Governed writes: the floor between the roof and the read side. No mutation lives here yet."""
