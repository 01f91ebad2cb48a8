"""The systems of record, one folder each, and the words that all floors share."""
