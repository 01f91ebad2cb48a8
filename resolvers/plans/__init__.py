"""Plans: an operation compiled once into functions that write its answer, in place of graphql-core field by field.

graphql-core is the reference. What a plan does not cover (`Uncovered`), or meets unexpectedly (`Bail`), it executes,
on the same context, whose loaders have what was loaded already. So error texts and null propagation are its own.

outcomes.py what ends a plan · known.py a document's query · resolvers.py how a field is worked out ·
shapes.py the merged selections · spots.py where they stand · reading.py a document -> shapes ·
leaves.py scalars and enums as expressions · writing.py shapes -> source · sites.py what is waited for ·
sections.py what comes at once and what later · running.py a section for one request · batches.py edges asked for all
parents of a level at once · deferring.py, parts.py, coming.py a request that defers · again.py what graphql-core need
not ask again · plan.py a plan · store.py the plans that are kept · telling.py a plan as a person reads it
"""

from resolvers.plans.store import Outcome, Plans

__all__ = ["Outcome", "Plans"]
