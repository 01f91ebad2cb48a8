"""How gateway.toml is read: the file, the sections, the sources, and what is said when one of them is wrong."""
