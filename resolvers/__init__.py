"""The read side: the graph, its edges, and the views composed from several systems."""
