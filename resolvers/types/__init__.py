"""The object types of the graph: plain fields come from the canonical records, here are edges and computed fields."""
