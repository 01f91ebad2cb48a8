"""The roof: the HTTP edge, the wiring and the operations. Imports everything; nothing imports it."""
