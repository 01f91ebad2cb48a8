"""A field that will be taken out says so in the schema, declared where the field is."""

from typing import Annotated

import msgspec
import strawberry

from resolvers import descriptions, exposure
from resolvers.exposure import computed, exposed, field, grow
from sources.canonical.deprecation import Deprecated
from sources.canonical.sensitivity import Personal


class Gadget(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the tests."""

    name: str
    """Its name."""
    title: Annotated[str | None, Deprecated("use name")] = None
    """Its former name."""
    owner: Annotated[Personal[str | None], Deprecated("nobody owns it")] = None
    """Whose it is."""
    size: Annotated[int, Deprecated("it has none")] = 0
    """How large it is."""


def test_annotations_and_grown_fields_are_deprecated_in_the_schema(monkeypatch):
    monkeypatch.setattr(descriptions, "OUR_FLOORS", (*descriptions.OUR_FLOORS, "tests"))
    monkeypatch.setattr(exposure, "RECORDS", {})
    made = exposed.__wrapped__(Gadget)
    grow(
        made,
        size=computed(Gadget, "size", lambda self: 1),
        weight=field(lambda self: 1, int, "How heavy it is.", deprecated="use size"),
    )
    query = strawberry.type(type("Query", (), {"__annotations__": {"gadget": made}}))
    printed = strawberry.Schema(query).as_str()
    assert 'title: String @deprecated(reason: "use name")' in printed
    assert '@deprecated(reason: "nobody owns it")' in printed
    assert "owner: String" in printed
    assert "@sensitivity(class: PERSONAL)" in printed
    assert 'size: Int! @deprecated(reason: "it has none")' in printed
    assert 'weight: Int! @deprecated(reason: "use size")' in printed
    assert "name: String!\n" in printed
