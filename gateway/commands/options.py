"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ConfigOption: TypeAlias = Annotated[Path, typer.Option("--config", "-c", help="The gateway's configuration.")]
DEFAULT_CONFIG = Path("gateway.toml")
