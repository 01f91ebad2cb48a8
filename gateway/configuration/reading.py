"""gateway.toml as tables, with what it takes from the environment put in."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.configuration.problems import Problem, SettingsError

REFERENCE = re.compile(r"\$\{([^}]*)\}")


def read_tables(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The file's tables, each ${NAME} replaced. Raises SettingsError: no file, no TOML, no such variable."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([Problem("", "", f"cannot be read ({error.strerror})")], str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([Problem("", "", f"is not valid TOML: {error}")], str(path)) from None
    missing: list[Problem] = []
    filled = _filled(tables, (), environment, missing)
    if missing:
        raise SettingsError(missing, str(path))
    return dict(filled)


def _filled(value: Any, place: tuple[str, ...], environment: Mapping[str, str], missing: list[Problem]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, (*place, key), environment, missing) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, place, environment, missing) for item in value]
    if not isinstance(value, str):
        return value
    for name in REFERENCE.findall(value):
        if name not in environment:
            sentence = f"takes the environment variable {name}, which is not set"
            missing.append(Problem(".".join(place[:-1]), place[-1], sentence))
    return REFERENCE.sub(lambda found: environment.get(found[1], ""), value)
