"""What the dependencies bring, taken once and kept."""

from __future__ import annotations

from pathlib import Path

from functions_model.bundle import layout
from functions_model.core.references import digest_of
from functions_model.environment.locking import Lock
from functions_model.environment.request import EnvironmentRequest
from functions_model.image.tree import read_tree
from functions_model.preflight.inventory import DEVELOPMENT, GPU, Distribution, Inventory
from functions_model.preflight.taking import take_inventory
from support.function_app import write_files

LOCK = Lock("", digest_of(b""), (), EnvironmentRequest(None, None, ()))


def taken(folder: Path, files: dict[str, str], under: str = layout.SITE_PACKAGES) -> Inventory:
    """The inventory of these files."""
    write_files(folder, files)
    return take_inventory([read_tree(folder, under, root=folder)], LOCK, "3.12")


class TestTaking:
    def test_modules_and_versions(self, tmp_path: Path) -> None:
        """What can be imported, and what it belongs to; nothing else."""
        files = {
            "six.py": "",
            "a/__init__.py": "x = 1",
            "a/fast.cpython-312-x86_64-linux-gnu.so": "",
            "a/data.csv": "",
            "Some_Thing-1.5.dist-info/METADATA": "",
            "old-2.0-py3.12.egg-info/PKG-INFO": "",
        }
        found = taken(tmp_path, files)

        assert ("a/__init__.py", "a/fast.cpython-312-x86_64-linux-gnu.so", "six.py") == found.files
        assert (Distribution("old", "2.0"), Distribution("some-thing", "1.5")) == found.distributions

    def test_what_packages_say_of_themselves(self, tmp_path: Path) -> None:
        """How large they are, what they need here, and what they are for."""
        lines = [
            "Metadata-Version: 2.1",
            "Name: Nb",
            "Classifier: Framework :: Jupyter :: JupyterLab",
            "Requires-Dist: Some_Thing>=1 ; python_version >= '3.10'",
            "Requires-Dist: colorama ; sys_platform == 'win32'",
            "Requires-Dist: docs ; extra == 'docs'",
            "Requires-Dist: (bad",
        ]
        files = {
            "nb.py": "x" * 100,
            "nb-1.0.dist-info/METADATA": "\n".join(lines) + "\n\nBody\n",
            "nb-1.0.dist-info/RECORD": "nb.py,sha256=x,100\nnb-1.0.dist-info/RECORD,,\n../bin/nb,,\n",
            "nvidia/nccl/lib/libnccl.so.2": "x" * 9,
            "nvidia_nccl_cu13-2.0.dist-info/RECORD": "nvidia/nccl/lib/libnccl.so.2,sha256=x,9\n",
        }
        record = len(files["nb-1.0.dist-info/RECORD"])

        nb, nccl = taken(tmp_path, files).distributions

        assert Distribution("nb", "1.0", 100 + record, ("some-thing",), frozenset({DEVELOPMENT}), ("nb",)) == nb
        assert ("nvidia-nccl-cu13", 9, frozenset({GPU})) == (nccl.name, nccl.size, nccl.kinds)

    def test_of_conda(self, tmp_path: Path) -> None:
        """The `site-packages` of the prefix count as well."""
        files = {"lib/python3.12/site-packages/a.py": "", "lib/python3.12/os.py": ""}

        assert ("a.py",) == taken(tmp_path, files, layout.CONDA).files

    def test_what_makes_modules_and_what_binds_nothing(self, tmp_path: Path) -> None:
        """Below the one anything may be; the other has nothing but its submodules."""
        files = {
            "six.py": "import sys\nsys.modules['six.moves'] = 1\n",
            "a/__init__.py": '"""Bundled dependencies."""\n',
            "b/__init__.py": "from .c import d\n",
            "b/c.py": "",
        }
        found = taken(tmp_path, files)

        assert (frozenset({"six"}), frozenset({"a"})) == (found.dynamic, found.barren)


class TestKeeping:
    def test_it_comes_back(self) -> None:
        """Whole, and the same bytes each time."""
        inventory = Inventory(
            (Distribution("a", "1", 7, ("b",), frozenset({GPU}), ("a", "c")),),
            ("a.py", "b/__init__.py"),
            frozenset({"a"}),
            frozenset({"b"}),
            ("c",),
        )

        assert inventory == Inventory.from_bytes(inventory.as_bytes())
        assert inventory.as_bytes() == inventory.as_bytes()

    def test_what_is_damaged_is_none(self) -> None:
        """It is taken anew."""
        assert Inventory.from_bytes(b"{}") is None
