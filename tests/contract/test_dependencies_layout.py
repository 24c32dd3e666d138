"""What a lock becomes in an image. While it is the same, layers of earlier versions of this tool are taken again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from functions_model.bundle import DEPENDENCIES_LAYOUT, dependency_layers
from functions_model.core.build import Build
from functions_model.environment.normalising import normalise, normalise_prefix
from functions_model.environment.standard_library import take_out_hiding
from functions_model.image.layers import build_layer
from support.function_app import spec_of

if TYPE_CHECKING:
    from pathlib import Path

PACKED = {
    2: [
        "sha256:bed4af23cc07c9a04d298d414a680d86fcb6e2e495ba0c6bd5e6c628df62e303",
        "sha256:2503058ef3f3c35ac47e89cd19e2d818fb7896538c6c8f2abeca6947d205442c",
    ]
}
"""The digests of the uncompressed layers, conda's first, by the layout's number. A change here needs a new number, as
registries hold layers of the old one."""


RECORD = {
    "name": "six",
    "fn": "six-1-0.conda",
    "files": ["bin/python", "gone"],
    "link": {"source": "/root/x"},
    "paths_data": {"paths": [{"_path": "bin/python", "path_type": "softlink"}]},
}


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installer leaves, on some machine."""

    site_packages: Path
    conda: Path | None


def installed(folder: Path) -> Installed:
    """A package with a script, one that hides Python's own module, and a conda prefix with a link and a program."""
    files = {
        "site/tool.py": "print(1)\n",
        "site/tool/__pycache__/x.cpython-311.pyc": "x",
        "site/tool/data/\u00e4.txt": "data",
        "site/bin/tool": "#!/work/venv/bin/python\nimport tool\n",
        "site/tool-1.dist-info/RECORD": "tool.py,sha256=x,9\nbin/tool,sha256=old,1\ntool-1.dist-info/RECORD,,\n",
        "site/argparse.py": "",
        "site/argparse-1.4.0.dist-info/RECORD": "argparse.py,sha256=x,0\nargparse-1.4.0.dist-info/RECORD,,\n",
        "prefix/bin/python3.11": "program",
        "prefix/lib/python3.11/six.py": "",
        "prefix/conda-meta/history": "today",
        "prefix/conda-meta/six-1-0.json": json.dumps(RECORD),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "site/bin/tool").chmod(0o755)
    (folder / "prefix/bin/python").symlink_to("python3.11")
    take_out_hiding(folder / "site", "3.11")
    normalise(folder / "site")
    normalise_prefix(folder / "prefix", {"six-1-0.conda": "conda-forge"})
    return Installed(folder / "site", folder / "prefix")


def test_is_that_of_its_number(tmp_path: Path) -> None:
    """What is normalised, where it lies, and how it is packed."""
    found, spec = installed(tmp_path), replace(spec_of(tmp_path), build=Build(epoch=5))
    plans = dependency_layers(spec, found.site_packages, found.conda)

    assert PACKED[DEPENDENCIES_LAYOUT] == [str(build_layer(plan, tmp_path / "spool").diff_id) for plan in plans]
