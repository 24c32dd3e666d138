"""Where the product and its sandbox import from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions_model.cli.sandbox import environ_without

_HIDES = {
    "secrets.py": "",  # as people keep keys in: no `token_hex`
    "random.py": "raise ImportError('of the user')",
    "azure/__init__.py": "",
    "json/__init__.py": "raise ImportError('of the user')",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with modules that hide others."""
    for name, text in _HIDES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


class TestTheSandbox:
    """`environ_without`."""

    def test_imports_nothing_of_the_users(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither from where it is started, nor from what PYTHONPATH names there."""
        monkeypatch.chdir(folder)
        given = {**os.environ, "PYTHONPATH": os.pathsep.join([".", str(folder), *sys.path])}
        program = "import json, random, secrets, azure.core, starlette.responses; print(secrets.token_hex(1))"

        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environ_without([folder], given),
            capture_output=True,
            text=True,
            check=False,
        )

        assert (0, "") == (done.returncode, done.stderr)

    def test_keeps_places_where_packages_are_installed(self, tmp_path: Path) -> None:
        """Wherever they lie, as after `pip install --target`; and the product's own."""
        (tmp_path / "libs" / "starlette-1.dist-info").mkdir(parents=True)
        (tmp_path / "src").mkdir()
        own = Path(environ_without.__code__.co_filename).parents[2]
        given = {"PYTHONPATH": os.pathsep.join(map(str, (tmp_path / "src", tmp_path / "libs", own)))}

        assert [str(tmp_path / "libs"), str(own)] == environ_without([tmp_path], given)["PYTHONPATH"].split(os.pathsep)


@pytest.mark.parametrize("path", ["", "."])
def test_the_product_imports_nothing_of_the_users(folder: Path, path: str) -> None:
    """As a module, which Python looks for in the current folder first, and with that folder in PYTHONPATH."""
    source = str(Path(environ_without.__code__.co_filename).parents[2])
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in (path, source) if entry)}

    done = subprocess.run(
        [sys.executable, "-m", "functions_model", "try", "nothere"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (2, "") == (done.returncode, done.stderr)
    assert f"there is no folder `{folder / 'nothere'}`. Check the path." in done.stdout
