"""An operation whose plan ended before its answer, executed by graphql-core out of what was found until then."""

from collections.abc import Callable, Mapping
from typing import Any


def asked_once(roots: Mapping[str, Any]) -> Callable[..., Any]:
    """A middleware of graphql-core: fields of the root that gave something are not resolved again.

    Below the root the loaders remember; a root may have asked what they do not keep, e.g. a search at the sources.
    """

    def resolve(resolver: Any, source: Any, info: Any, **arguments: Any) -> Any:
        if info.path.prev is None and info.path.key in roots:
            found = roots[info.path.key]
            if isinstance(found, Exception):
                raise found
            return found
        return resolver(source, info, **arguments)

    return resolve
