"""The arguments that several fields take: their types and what they say in the schema."""

from typing import Annotated, TypeAlias

import strawberry

First: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many at most: 1 to 100; 10 where it is not given.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Go on after this place: a page's `endCursor`, or an edge's `cursor`.")
]
CustomerId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The customer's id.")]
RecordId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The id of any record.")]
RecordIds: TypeAlias = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of at most 100 records of any kind.")
]
