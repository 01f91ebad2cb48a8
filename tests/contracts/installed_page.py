"""The connector of docs/adding-a-source.md, taken out of the page as an installation would leave it."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-source.md"
BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def install_page(directory: Path, kind: str = "helpline") -> None:
    """Write the page's files into a directory, with the metadata by which a distribution is found.

    Another `kind` makes it a connector of that name, so that several can be there at once.
    """
    for name, text in BLOCK.findall(PAGE.read_text()):
        path = directory / name.replace("helpline", kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("helpline", kind))
    project = tomllib.loads((directory / "pyproject.toml").read_text())["project"]
    info = directory / f"c360_{kind}-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    group, points = next(iter(project["entry-points"].items()))
    lines = [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
