"""The @sensitivity directive: the class of a field or a type, told in the schema itself."""

import strawberry
from strawberry.schema_directive import Location

from resolvers.enums import exposed_enum
from sources.canonical.sensitivity import Sensitivity

SensitivityEnum = exposed_enum(Sensitivity)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="sensitivity",
    description="The class that a viewer needs to see the field, or any field of the type.",
)
class SensitivityDirective:
    sensitivity_class: SensitivityEnum = strawberry.directive_field(name="class")  # type: ignore[valid-type]


def directives_for(sensitivity: Sensitivity | None) -> tuple[object, ...]:
    """The directive for a class; none for INTERNAL, which is what has no directive."""
    if sensitivity is None or sensitivity is Sensitivity.INTERNAL:
        return ()
    return (SensitivityDirective(sensitivity_class=sensitivity),)
