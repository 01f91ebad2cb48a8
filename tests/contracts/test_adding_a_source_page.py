"""The page on adding a source is true: its code, taken out and installed, passes the suite that it names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.installed_page import PAGE, ROOT, install_page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's files, with the metadata that an installation would leave beside them."""
    directory = tmp_path_factory.mktemp("helpline")
    install_page(directory)
    return directory


def run(site: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110
    )


def test_the_page_names_every_file_that_it_promises(site: Path) -> None:
    promised = re.search(r"^```\nhelpline/\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert promised
    for line in promised[1].splitlines():
        name = line.split()[0]
        assert (site / name).exists() or (site / "helpline" / name).exists(), name


def test_the_pages_connector_passes_the_contract_suite(site: Path) -> None:
    done = run(site, "pytest", "tests/contracts", "-k", "helpline and not page", "-p", "no:randomly")
    assert done.returncode == 0, done.stdout[-6000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 60


def test_the_pages_own_tests_pass(site: Path) -> None:
    done = run(site, "pytest", str(site / "tests"), "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(site))
    assert done.returncode == 0, done.stdout[-6000:]
    assert "3 passed" in done.stdout


def test_the_pages_code_is_as_tidy_as_the_gateways(site: Path) -> None:
    config = str(ROOT / "pyproject.toml")
    done = run(site, "ruff", "check", "--config", config, str(site / "helpline"), "--ignore", "I001")
    assert done.returncode == 0, done.stdout
    done = run(site, "mypy", "--strict", "--config-file", os.devnull, "--cache-dir", os.devnull, str(site / "helpline"))
    assert done.returncode == 0, done.stdout
