"""The canonical model: frozen records in the words of the business, whatever a vendor calls them.

Imports nothing but msgspec and the standard library. A record's docstring and the strings below its
fields are the descriptions of the public schema; its annotations carry the sensitivity.
"""
