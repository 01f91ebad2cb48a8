"""Which mutations there are: every folder beside this file whose package has a `MUTATION`. None is named here.

RegistryError: a folder leads to something else, or two folders offer the same action or the same field.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

import mutations
from mutations.governance.mutation import Mutation
from mutations.governance.plan import GovernedAction

MUTATION_NAME = "MUTATION"


class RegistryError(Exception):
    """The folders do not make sense together; the text is one sentence for who adds one."""


@cache
def installed() -> Mapping[GovernedAction, Mutation]:
    """Every mutation, by its action, in the order of the folders' names. Raises RegistryError."""
    return collected(mutations)


def collected(package: ModuleType) -> Mapping[GovernedAction, Mutation]:
    """The mutations among the sub-packages of `package`. Raises RegistryError."""
    found: dict[GovernedAction, Mutation] = {}
    for place, offered in folders(package):
        if offered.action in found:
            raise RegistryError(f"{place} offers {offered.action.value}, which another folder offers already")
        found[offered.action] = offered
    return MappingProxyType(found)


def folders(package: ModuleType) -> Iterator[tuple[str, Mutation]]:
    """The mutations, each with the name of the package where it was found."""
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if not module.ispkg:
            continue
        offered = getattr(importlib.import_module(module.name), MUTATION_NAME, None)
        if offered is None:
            continue
        if not isinstance(offered, Mutation):
            raise RegistryError(f"{module.name} has a {MUTATION_NAME} that is a {type(offered).__name__}, no Mutation")
        yield module.name, offered


def fields() -> Mapping[str, Any]:
    """The fields of the Mutation root that the folders bring, by Python name. Raises RegistryError."""
    return _together([mutation.fields for mutation in installed().values()])


def queries() -> Mapping[str, Any]:
    """The fields of the Query root that the folders bring, by Python name. Raises RegistryError."""
    return _together([mutation.queries for mutation in installed().values()])


def _together(groups: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for group in groups:
        for name, field in group.items():
            if name in found:
                raise RegistryError(f"two folders offer the field {name}")
            found[name] = field
    return found
