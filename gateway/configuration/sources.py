"""[sources.*]: each section is validated by the settings class of its connector."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from gateway.configuration.problems import Problem, SettingsError, problems_of
from sources import registry
from sources.plugin import SourcePlugin, SourceSettings

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def read_sources(sections: Mapping[str, Any]) -> dict[str, SourceSettings]:
    """Every [sources.NAME], validated; raises SettingsError with all that is wrong."""
    if not sections:
        raise SettingsError([Problem("sources", "", "is missing: name at least one source, e.g. [sources.support]")])
    read: dict[str, SourceSettings] = {}
    problems: list[Problem] = []
    for name, section in sections.items():
        try:
            read[name] = _read_source(name, section)
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return read


def _read_source(name: str, section: Any) -> SourceSettings:
    place = f"sources.{name}"
    if not NAME.fullmatch(name):
        raise SettingsError([Problem(place, "", "is not a name: lower-case letters, digits, - and _, at most 40")])
    if not isinstance(section, Mapping) or not isinstance(section.get("kind"), str):
        raise SettingsError([Problem(place, "kind", "is missing: which connector is it?")])
    try:
        plugin = registry.plugin(section["kind"])
        settings = plugin.settings.model_validate(dict(section))
    except registry.RegistryError as error:
        raise SettingsError([Problem(place, "kind", f"is wrong: {error}")]) from None
    except ValidationError as error:
        raise SettingsError(problems_of(error, ("sources", name))) from None
    _check_fields(place, plugin, settings)
    return settings


def _check_fields(place: str, plugin: SourcePlugin, settings: SourceSettings) -> None:
    unknown = [field for field in settings.fields if field not in plugin.optional_fields]
    if unknown:
        offered = ", ".join(plugin.optional_fields) or "none"
        sentence = f"is not an optional field of {plugin.kind}; there are: {offered}"
        raise SettingsError([Problem(place, f"fields.{unknown[0]}", sentence)])
