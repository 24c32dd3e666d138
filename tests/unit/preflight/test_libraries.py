"""Shared libraries that importing a package loads, and that nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.image.files import TreeFile
from functions_model.preflight.finding import Weight
from functions_model.preflight.inventory import Inventory, Lacking
from functions_model.preflight.libraries import check_libraries
from functions_model.preflight.loading import lacking_libraries
from support.elf import library
from support.projects import project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NEEDS_OPENMP = library("libgomp.so.1", "libc.so.6")
EXTENSION = "_core.cpython-311-x86_64-linux-gnu.so"
LIGHTGBM = Inventory(libraries=(Lacking("lightgbm", "lightgbm/lib/lib_lightgbm.so", ("libgomp.so.1",)),))
RUN = "def init():\n    pass\ndef run(data):\n    pass\n"


def _lacking(files: Mapping[str, bytes | str], also: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    tree = {path: TreeFile(path, text.encode() if isinstance(text, str) else text) for path, text in files.items()}
    return [(one.package, one.library) for one in lacking_libraries(tree, "3.11", also)]


class TestLackingLibraries:
    @pytest.mark.parametrize(
        "files",
        [
            {"p/__init__.py": "from . import _core", f"p/{EXTENSION}": NEEDS_OPENMP},
            {
                "p/__init__.py": "from p.inner import run",
                "p/inner.py": "import p._core",
                f"p/{EXTENSION}": NEEDS_OPENMP,
            },
            {"p/__init__.py": "from .find import path", "p/find.py": "path = 'libp.so'", "p/libp.so": NEEDS_OPENMP},
            {"p/__init__.py": "bootstrap()", "p/p.abi3.so": NEEDS_OPENMP},
        ],
        ids=["module", "module-of-a-module", "ctypes", "core"],
    )
    def test_that_the_import_loads(self, files: dict[str, str | bytes]) -> None:
        """As a module, by its name in a text, or as the package's own core."""
        assert ["p"] == [package for package, _ in _lacking(files)]

    @pytest.mark.parametrize(
        "files",
        [
            {"p/__init__.py": "", f"p/{EXTENSION}": NEEDS_OPENMP},
            {"p/__init__.py": "", "p/gui.py": "from . import _core", f"p/{EXTENSION}": NEEDS_OPENMP},
            {
                "p/__init__.py": "try:\n  from . import _core\nexcept ImportError:\n  pass",
                f"p/{EXTENSION}": NEEDS_OPENMP,
            },
            {"p/__init__.py": "from . import _core", f"p/{EXTENSION}": library("libcuda.so.1")},
            {"p/__init__.py": "from . import _core", f"p/{EXTENSION}": NEEDS_OPENMP, "p.libs/libgomp.so.1": b""},
        ],
        ids=["nobody", "another-module", "tried", "driver", "bundled"],
    )
    def test_that_it_does_not_load(self, files: dict[str, str | bytes]) -> None:
        """Plugins, what a package can do without, drivers, and what is there."""
        assert [] == _lacking(files)

    def test_that_a_conda_prefix_has(self) -> None:
        """Its libraries lie beside its Python."""
        files: dict[str, str | bytes] = {"p/__init__.py": "from . import _core", f"p/{EXTENSION}": NEEDS_OPENMP}

        assert [] == _lacking(files, ("opt/conda/lib/libgomp.so.1",))

    def test_of_a_module_at_the_top(self) -> None:
        """It is its own package."""
        assert [("alone", f"alone{EXTENSION[5:]}")] == _lacking({f"alone{EXTENSION[5:]}": NEEDS_OPENMP})


class TestCheckLibraries:
    def test_names_the_debian_package(self, tmp_path: Path) -> None:
        """On the line that imports it; whoever gives it is done."""
        found = project(tmp_path, {"score.py": f"import json\nimport lightgbm as lgb\n{RUN}"})

        [told] = check_libraries(found, LIGHTGBM, lambda: frozenset({"libGL.so.1"}))
        given = list(check_libraries(found, LIGHTGBM, lambda: frozenset({"libgomp.so.1"})))

        assert (Weight.DOUBT, 2) == (told.weight, told.problem.location and told.problem.location.line)
        assert told.problem.what.startswith("`lightgbm` needs the library `libgomp.so.1`, ")
        assert "Give `apt-packages: libgomp1` with `builder: docker`." == told.problem.remedy
        assert [] == given

    def test_of_a_package_that_a_pickle_names(self, tmp_path: Path) -> None:
        """The script imports none."""
        model = {"model.pkl": b"\x80\x02clightgbm.sklearn\nLGBMClassifier\n."}

        assert 1 == len(list(check_libraries(project(tmp_path, {"score.py": RUN}, model), LIGHTGBM, frozenset)))

    def test_of_a_package_that_an_mlflow_model_names(self, tmp_path: Path) -> None:
        """By its loader."""
        model = {"MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.lightgbm\n"}

        assert 1 == len(list(check_libraries(project(tmp_path, {"score.py": RUN}, model), LIGHTGBM, frozenset)))

    @pytest.mark.parametrize("script", ["import json", "try:\n  import lightgbm\nexcept Exception:\n  pass"])
    def test_asks_nobody_of_packages_that_need_not_be_there(self, tmp_path: Path, script: str) -> None:
        """The base's libraries take the time of a pull."""

        def asked() -> frozenset[str]:
            raise AssertionError("nobody needs them")

        assert [] == list(check_libraries(project(tmp_path, {"score.py": f"{script}\n{RUN}"}), LIGHTGBM, asked))

    def test_is_silent_where_the_base_is_not_known(self, tmp_path: Path) -> None:
        """An engine may add what is missing."""
        found = project(tmp_path, {"score.py": f"import lightgbm\n{RUN}"})

        assert [] == list(check_libraries(found, LIGHTGBM, lambda: None))
