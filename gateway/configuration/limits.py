"""[limits]: how much one request may be, and how much one consumer may ask."""

from pydantic import Field

from gateway.configuration.sections import Section


class LimitsSection(Section):
    """[limits]. Each has its own error code; see docs/edge.md. Names carry their unit, or name what is counted."""

    body_bytes: int = Field(default=256 * 1024, ge=1024)
    """Of a request as it is sent; the largest that people wrote is a tenth of it."""
    decompressed_bytes: int = Field(default=512 * 1024, ge=1024)
    """Of a body that came compressed."""
    json_nesting: int = Field(default=64, ge=4, le=200)
    """Levels of the body and of variables; inputs of the schema have three."""
    document_bytes: int = Field(default=64 * 1024, ge=1024)
    """Of the document alone, comments and blanks included: those are no tokens, and are read all the same."""
    tokens: int = Field(default=4000, ge=100)
    """The whole schema queried once has about 1,500."""
    depth: int = Field(default=16, ge=3, le=64)
    """Levels of fields; an introspection query has 13."""
    aliases: int = Field(default=100, ge=0)
    """Fields that are given another name, counted as often as fragments bring them."""
    root_fields: int = Field(default=30, ge=1)
    """Fields of an operation itself, counted as often as fragments bring them."""
    fields: int = Field(default=3000, ge=10)
    """Fields of an operation, counted as often as fragments bring them."""
    answer_fields: int = Field(default=50_000, ge=100)
    """Fields of an answer, lists as long as they may be; the most that is written within half a second."""
    entities: int = Field(default=1000, ge=1)
    """Representations of one _entities field; a gateway asks for the items of one list, which has 100 here."""
    cost: int = Field(default=1000, ge=1)
    """Calls to sources that an operation may make, by the estimate."""
    concurrent_operations: int = Field(default=128, ge=1)
    """Of one consumer at the same time, over all processes of a machine."""
    requests_per_minute: int = Field(default=30_000, ge=1)
    """Of one consumer, over all processes where Redis is shared; otherwise divided by the workers."""
    fields_at_once: int = Field(default=50_000, ge=100)
    """Fields of all answers that one process writes at the same time, by the same count as answer_fields."""
    queue_seconds: float = Field(default=30.0, ge=0.1, le=60)
    """How long an operation waits for room among them."""
    grace_seconds: float = Field(default=1.0, ge=0.1, le=10)
    """How long after its deadline an operation is cut off."""
