"""Compiled wheels from before NumPy 2 get NumPy 1 beside them, or the reason why they cannot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.environment import Lock, read_environment, resolve
from support.package_index import COMPILED, LATELY, LONG_AGO, PackageIndex, package_index
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.exhaustive

SERVER = "azureml-inference-server-http"
FOR_13 = "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64"
STABLE, NO_ABI = "cp37-abi3-manylinux_2_17_x86_64", "py3-none-manylinux_2_17_x86_64"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PackageIndex]:
    """NumPy 1 and 2, a scikit-learn that was compiled before 2 and one after, and Python's own tools."""
    with package_index(tmp_path / "index") as found:
        found.add(SERVER, "1.5.1", uploaded=LONG_AGO)
        found.add("numpy", "1.26.4", tag=COMPILED, uploaded=LONG_AGO)
        for tag in (COMPILED, FOR_13):
            found.add("numpy", "2.4.6", tag=tag)
        old: Any = {"uploaded": LONG_AGO, "requires": ["numpy>=1.17.3"]}
        found.add("scikit-learn", "1.2.2", tag=COMPILED, **old)
        found.add("scikit-learn", "1.5.1", tag=COMPILED, requires=["numpy>=1.19.5"], uploaded=LATELY)
        found.add("stable", "1.0", tag=STABLE, **old)
        found.add("library", "1.0", tag=NO_ABI, **old)
        found.add("pure", "1.0", **old)
        found.add("alone", "1.0", tag=COMPILED, uploaded=LONG_AGO)
        found.add("modern", "1.0", tag=COMPILED, requires=["numpy>=2"])
        yield found


def locked(folder: Path, index: PackageIndex, text: str, python: str = "3.11") -> Lock:
    """What a requirements file is resolved to."""
    path = folder / "requirements.txt"
    path.write_text(f"--index-url {index.simple}\n{text}")
    environ = {**os.environ, "UV_HTTP_RETRIES": "0"}
    return resolve(read_environment(path, environ={}), python, work=folder / "work", environ=environ)


def numpy_of(lock: Lock) -> str:
    """The version that is installed."""
    return next(package.version for package in lock.packages if package.name == "numpy")


class TestFitNumpy:
    """`resolve`, with NumPy 2 on the index."""

    @pytest.mark.parametrize(
        ("text", "numpy"),
        [
            ("numpy\nscikit-learn==1.2.*\n", "1.26.4"),
            ("numpy>=1.20\nscikit-learn==1.2.*\n", "1.26.4"),
            ("stable\n", "1.26.4"),
            ("numpy\nscikit-learn\n", "2.4.6"),
            ("pure\n", "2.4.6"),
            ("library\n", "2.4.6"),
            ("numpy\nalone\n", "2.4.6"),
        ],
        ids=["as-conda-caps-it", "a-bound-is-no-pin", "stable-abi", "new-wheel", "pure", "no-abi", "asks-for-no-numpy"],
    )
    def test_what_was_compiled_before_caps_it(self, text: str, numpy: str, index: PackageIndex, tmp_path: Path) -> None:
        """Only a wheel that holds compiled modules, asks for numpy and was uploaded before NumPy 2."""
        assert numpy == numpy_of(locked(tmp_path, index, text))

    def test_says_so(self, index: PackageIndex, tmp_path: Path) -> None:
        """Which version is taken and why, and how to choose another; the lock is that of a file that says it."""
        lock = locked(tmp_path, index, "numpy\nscikit-learn==1.2.2\n")

        told = (
            "using numpy 1.26.4 instead of 2.4.6: `scikit-learn==1.2.2` (of 2023-03-09) was compiled before NumPy 2."
            " To get 2.4.6, write `numpy==2.4.6` in your file."
        )
        assert (told,) == lock.request.warnings
        assert lock.text == locked(tmp_path, index, "numpy<2\nscikit-learn==1.2.2\n").text
        assert () == lock.request.constraints

    @pytest.mark.parametrize(
        ("text", "python", "reason"),
        [
            ("numpy==2.4.6\nscikit-learn==1.2.2\n", "3.11", "You asked for this version; `numpy<2` would fit"),
            ("stable\n", "3.13", "NumPy 1 has no wheels for Python 3.13. Use Python 3.12, or newer versions."),
            (
                "modern\nstable\n",
                "3.11",
                "With `numpy<2` no versions fit together. Ask for newer versions of `stable`.",
            ),
            ("numpy>=2\nstable\n", "3.11", "With `numpy<2` no versions fit together."),
        ],
    )
    def test_tells_the_cause_where_it_cannot(
        self, text: str, python: str, reason: str, index: PackageIndex, tmp_path: Path
    ) -> None:
        """Who pins it has chosen; without a solution, the reader of the traceback knows why."""
        lock = locked(tmp_path, index, text, python)

        [warning] = lock.request.warnings
        assert "2.4.6" == numpy_of(lock)
        assert "compiled before NumPy 2, and numpy 2.4.6 is installed." in warning
        assert reason in warning

    def test_goes_with_all_else_that_is_left_out(self, index: PackageIndex, tmp_path: Path) -> None:
        """A page that cannot be read, and a module that Python has: each is told once."""
        SourcePackage("uuid", "1.30", "").write_source(tmp_path)
        text = f"--find-links .\n--find-links {index.url}broken\nuuid==1.30\nstable\n"

        warnings = locked(tmp_path, index, text).request.warnings

        assert ["The page", "`uuid` is", "using numpy 1.26.4"] == [
            " ".join(warning.split()[:count]) for warning, count in zip(warnings, (2, 2, 3), strict=True)
        ]

    @pytest.mark.parametrize("way", ["numpy<2\nscikit-learn==1.2.2\n", "numpy\nscikit-learn\n"])
    def test_the_ways_out_lead_out(self, way: str, index: PackageIndex, tmp_path: Path) -> None:
        """`numpy<2`, or a newer version: nothing is told any more."""
        assert () == locked(tmp_path, index, way).request.warnings
