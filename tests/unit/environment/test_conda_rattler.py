"""Where py-rattler comes from."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.secrets import Secret
from functions_model.environment.rattler_tool import LOCK, cache_folder, fetch_rattler, load_rattler, rattler_cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE = SimpleNamespace()


@contextmanager
def same_path() -> Iterator[None]:
    """The interpreter's path afterwards as it was before."""
    before = [*sys.path]
    try:
        yield
    finally:
        sys.path[:] = before


class TestLoad:
    """`load_rattler`."""

    def test_an_installed_one_is_taken(self) -> None:
        """With the parts that it does not import by itself; nothing is fetched."""
        rattler = load_rattler({"UV_OFFLINE": "1"})

        assert rattler.exceptions.SolverError
        assert rattler.package_streaming.PackageArchive

    def test_a_fetched_one_is_found_in_the_cache(self, tmp_path: Path) -> None:
        """It is fetched once: what lies under the lock's hash is what the lock says."""
        environ = {"XDG_CACHE_HOME": str(tmp_path), "UV_OFFLINE": "1"}

        def find(name: str) -> object:
            if str(tmp_path) not in str(sys.path):
                message = f"No module named '{name}'"
                raise ModuleNotFoundError(message, name=name)
            return MODULE

        with pytest.raises(EnvironmentFailed):
            fetch_rattler(environ)
        assert [] == [*(tmp_path / "functions-model").iterdir()]
        key = fetched_name()
        (tmp_path / "functions-model" / key).mkdir()

        with same_path():
            assert MODULE is load_rattler(environ, find=find)
            assert str(tmp_path / "functions-model" / key) in sys.path

    def test_another_missing_module_is_no_missing_rattler(self) -> None:
        """A broken installation is not mended by fetching."""

        def find(name: str) -> object:
            message = f"{name} needs another"
            raise ModuleNotFoundError(message, name="another")

        with pytest.raises(ModuleNotFoundError, match="needs another"):
            load_rattler({}, find=find)

    def test_tells_that_it_cannot_be_fetched(self, tmp_path: Path) -> None:
        """With uv's reason and both ways out."""
        environ = {"XDG_CACHE_HOME": str(tmp_path), "UV_OFFLINE": "1", "PATH": os.environ["PATH"]}

        with pytest.raises(EnvironmentFailed, match=r"could not be fetched \(.+\)\. Install `functions-model-action"):
            fetch_rattler(environ)

    def test_tells_that_the_cache_cannot_be_written(self, tmp_path: Path) -> None:
        """A file in its place, for one."""
        (tmp_path / "functions-model").touch()

        with pytest.raises(EnvironmentFailed, match="could not be fetched"):
            fetch_rattler({"XDG_CACHE_HOME": str(tmp_path)})


class TestCaches:
    """Where things are kept."""

    def test_the_cache_is_the_user_s(self, tmp_path: Path) -> None:
        """As the desktop standard says; without a home it is still one of this user alone."""
        assert tmp_path / "functions-model" == cache_folder({"XDG_CACHE_HOME": str(tmp_path), "HOME": "/none"})
        assert tmp_path / ".cache/functions-model" == cache_folder({"HOME": str(tmp_path)})
        assert f"functions-model-{os.getuid()}" in str(cache_folder({}))

    def test_what_holds_a_secret_does_not_stay(self, tmp_path: Path) -> None:
        """The folder is gone afterwards; without secrets it stays."""
        environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}

        with rattler_cache("x", environ, work=tmp_path / "work", secrets=[Secret("hunter2")]) as folder:
            (folder / "file").touch()
        with rattler_cache("x", environ, work=tmp_path / "work", secrets=[]) as kept:
            pass

        assert not folder.exists()
        assert tmp_path / "cache/functions-model/x" == kept


def test_the_lock_names_one_package_with_hashes() -> None:
    """py-rattler needs no other."""
    lines = [line for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]

    assert lines[0].startswith("py-rattler==")
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])


def fetched_name() -> str:
    """The folder's name in the cache."""
    import hashlib

    return f"rattler-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
