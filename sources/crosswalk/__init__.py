"""The crosswalk: our own table of which records in the sources are the same customer.

observe -> records and keys -> matching (pure) -> links or conflicts -> golden record -> search
"""
