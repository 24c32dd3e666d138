"""Where py-rattler comes from."""

from __future__ import annotations

import json
import os
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.secrets import Secret
from functions_model.environment.rattler_tool import (
    LOCK,
    cache_folder,
    fetch_rattler,
    hearing,
    load_rattler,
    rattler_cache,
)
from functions_model.environment.rattler_worker import written

if TYPE_CHECKING:
    from pathlib import Path


def nowhere(_: str) -> None:
    """Find no module."""


class TestLoad:
    """`load_rattler`."""

    def test_an_installed_one_is_taken(self) -> None:
        """By the folder that it lies in; nothing is fetched, and nothing of it gets into this process."""
        rattler = load_rattler({"UV_OFFLINE": "1"})

        assert (rattler.folder / "rattler" / "__init__.py").is_file()

    def test_a_fetched_one_is_found_in_the_cache(self, tmp_path: Path) -> None:
        """It is fetched once: what lies under the lock's hash is what the lock says."""
        environ = {"XDG_CACHE_HOME": str(tmp_path), "UV_OFFLINE": "1"}

        with pytest.raises(EnvironmentFailed):
            load_rattler(environ, find=nowhere)
        assert [] == [*(tmp_path / "functions-model").iterdir()]
        key = fetched_name()
        (tmp_path / "functions-model" / key).mkdir()

        assert tmp_path / "functions-model" / key == load_rattler(environ, find=nowhere).folder

    def test_a_folder_of_that_name_is_no_rattler(self, tmp_path: Path) -> None:
        """Python takes it for a package without files of its own."""
        environ = {"XDG_CACHE_HOME": str(tmp_path), "UV_OFFLINE": "1"}

        with pytest.raises(EnvironmentFailed, match="could not be fetched"):
            load_rattler(environ, find=lambda name: ModuleSpec(name, None, is_package=True))

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


class TestWorker:
    """`rattler_worker`, as far as it needs no py-rattler."""

    def test_an_answer_has_a_bound(self) -> None:
        """What packages say of themselves may be of any length, and whoever asks reads it whole."""
        assert {"a": 1} == json.loads(written({"a": 1}))
        assert "more than 9 characters" in json.loads(written({"a": "long words"}, 9))["error"]["words"]

    def test_how_far_it_is_is_told(self) -> None:
        """Line by line; of one that was cut nothing is told."""
        told: list[int] = []

        with hearing(told.append) as writes:
            os.write(writes, b"1\n2")
            os.write(writes, b"3\n4")

        assert [1, 23] == told


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
