"""The graph as a subgraph of a supergraph. Source: Apollo Federation 2.9, Subgraph specification.

entities.py what other subgraphs refer to, and how it is read · service.py what composers ask · subgraph.py the
schema with federation's directives · marks.py the marks themselves · hiding.py the schema without federation
"""
