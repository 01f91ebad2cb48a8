"""How many calls to sources an operation can make, worked out before it runs.

demand.py what would be asked of each source · prices.py what each field adds to it · roots.py the fields that begin ·
operation.py the walk over an operation with its variables
"""

from resolvers.costing.demand import Estimate
from resolvers.costing.operation import estimate

__all__ = ["Estimate", "estimate"]
