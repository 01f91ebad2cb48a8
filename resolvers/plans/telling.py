"""A plan as a person reads it: what is waited for, level by level, and the functions that write the answer."""

from collections.abc import Iterator

from resolvers.plans.plan import Plan
from resolvers.plans.shapes import Object, objects_of
from resolvers.plans.sites import Site


def told(plan: Plan) -> str:
    """The levels, each with its fields and what is asked for them, and the source."""
    levels: dict[int, list[str]] = {}
    for level, path, site, deferred in _sites(plan, plan.root, 1, "", deferred=False):
        levels.setdefault(level, []).append(f"  {path}{'  (deferred)' if deferred else ''}  {_asked(site)}")
    lines: list[str] = []
    for level, fields in sorted(levels.items()):
        lines += [f"# Level {level}: asked at once, as soon as the level above is there", *dict.fromkeys(fields), ""]
    return "\n".join([*lines, "# The functions that write the answer", plan.source])


def _sites(
    plan: Plan, shape: Object, level: int, path: str, *, deferred: bool
) -> Iterator[tuple[int, str, Site, bool]]:
    for field in shape.fields:
        site = plan.sites.get(field.number)
        here = f"{path}.{field.key}" if path else field.key
        if site is not None:
            yield level, here, site, deferred
        for below in objects_of(field.value):
            yield from _sites(plan, below, level + 1 if site else level, here, deferred=deferred)
    for later in shape.later:
        yield from _sites(plan, later.shape, level, path, deferred=True)


def _asked(site: Site) -> str:
    if site.batch is None:
        return f"z{site.field.number} <- each {site.field.parent} by {site.field.how.name}()"
    return f"z{site.field.number} <- all {site.field.parent} records at once: {site.batch}"
