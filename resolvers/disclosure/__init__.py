"""What an answer tells of the classes that are recorded, and of which customers.

selecting.py what an operation selects, worked out once · shown.py the customers, noted while it runs
"""

from resolvers.disclosure.selecting import RECORDED, Disclosure, Disclosures
from resolvers.disclosure.shown import Shown, add, note_owners, once_per_operation

__all__ = ["RECORDED", "Disclosure", "Disclosures", "Shown", "add", "note_owners", "once_per_operation"]
