"""Which modules get byte code: what the packages that were asked for, and our own functions, begin with.

What their imports lead to follows from that (`compile_modules`). So the list follows from the lock and from what was
asked for, and from no script.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from functions_model.environment.request import EnvironmentRequest
from functions_model.image.files import TreeFile
from functions_model.image.opened import MOST_SOURCE, read_whole

_LEFT_OUT = frozenset(("test", "tests"))
"""Folders of tests, which no app imports: a third of the source of NumPy, SciPy and scikit-learn."""
_SERVER = "azureml_inference_server_http.server"
RUNTIME = (
    f"{_SERVER}.config",
    f"{_SERVER}.create_app",
    f"{_SERVER}.user_script",
    "azure.functions",
    "certifi",
    "inference_schema.parameter_types.numpy_parameter_type",
    "inference_schema.parameter_types.pandas_parameter_type",
    "inference_schema.parameter_types.standard_py_parameter_type",
    "inference_schema.schema_decorators",
    "pydantic.root_model",
    "pydantic.type_adapter",
    "pydantic.plugin._loader",
    "werkzeug.test",
)
"""What our functions import of the inference server, and what that imports without naming it; and the decorators that
scripts have from `azureml-defaults`, which needs their package."""
UNREAD = {f"{_SERVER}.appinsights_client": ("azure.monitor", "opencensus", "opentelemetry")}
"""By module: the beginnings of what our functions keep it from importing (`payload/telemetry.py`)."""
_OF_THE_RUNTIME = frozenset(("azureml-inference-server-http", "azure-functions", "inference-schema"))
"""Whatever asks for them, only what our functions import of them is needed."""
_LOADS = {"skops": "scikit-learn"}
"""By package: another, of which it imports nearly all for a model. MLflow's models of LightGBM name only the first."""
_DEPTH = 2
"""Packages above a module to begin with: `mlflow.store.tracking` is one, and `mlflow.store.tracking.sqlalchemy_store`,
which nothing else imports there, is none."""
_MOST = 16 << 20
"""Bytes of a package's list of files. That of 50,000 files has 8 MiB."""


@dataclass(frozen=True, slots=True)
class Found:
    """Modules by their dotted names.

    Attributes:
        modules: What can be imported, but for tests.
        first: Those to begin with, sorted.
    """

    modules: Mapping[str, TreeFile]
    first: tuple[str, ...]


def asked_for(request: EnvironmentRequest) -> frozenset[str]:
    """The packages that somebody named, by their normalised names: their modules may be in a pickle.

    Those that are only needed by others are not among them.
    """
    conda = [one.name for one in request.conda.specs] if request.conda else []
    named = frozenset(map(canonicalize_name, [*(one.name for one in request.requirements), *conda]))
    return with_loaded(named) - _OF_THE_RUNTIME


def with_loaded(asked: Collection[str]) -> frozenset[str]:
    """Packages, and those whose models they load."""
    return frozenset(asked) | {_LOADS[name] for name in asked if name in _LOADS}


def find_modules(files: Iterable[TreeFile], asked: Collection[str], places: Sequence[str], library: str = "") -> Found:
    """The modules of an installation.

    Args:
        files: What is installed, by its paths in the image.
        asked: The packages that were asked for.
        places: The folders that modules are imported from; what an earlier one has hides that of later ones.
        library: The one of them that is a standard library: Python begins with it.
    """
    files = tuple(files)
    found = [module for file in files if (module := _module(file, places))]
    found.sort(key=lambda one: -places.index(one.place))
    modules = {one.name: one.file for one in found}
    owned = set(_owned(files, asked))
    first = {
        one.name
        for one in found
        if one.place == library or (one.file.path in owned and _depth(one.name, modules) <= _DEPTH)
    }
    return Found(modules, tuple(sorted(first | set(RUNTIME))))


class _Module(NamedTuple):
    place: str
    name: str
    file: TreeFile


def _module(file: TreeFile, places: Iterable[str]) -> _Module | None:
    """What can be imported, and is no test."""
    if not (file.path.endswith(".py") and isinstance(file.content, Path) and file.size <= MOST_SOURCE):
        return None
    place = max((one for one in places if file.path.startswith(f"{one}/")), key=len, default=None)
    if place is None:
        return None
    parts = file.path[len(place) + 1 :].removesuffix(".py").split("/")
    if (
        not all(part.isidentifier() for part in parts)
        or parts[-1] == "conftest"
        or not _LEFT_OUT.isdisjoint(parts[:-1])
    ):
        return None
    return _Module(place, ".".join(parts).removesuffix(".__init__"), file)


def _depth(name: str, modules: Mapping[str, TreeFile]) -> int:
    """How many packages lie above a module; folders without an `__init__.py`, like `azure`, are none."""
    parts = name.split(".")
    return sum(".".join(parts[:end]) in modules for end in range(1, len(parts)))


_RECORD = re.compile(r"(?P<place>.+)/(?P<name>[^/-]+)-[^/-]+\.dist-info/RECORD")
_CONDA = re.compile(r"(?P<place>.+)/conda-meta/(?P<name>[^/]+)-[^/-]+-[^/-]+\.json")
_NEEDS = re.compile(r"Requires-Dist: *([A-Za-z0-9._-]+)(?!.*extra *==)")


def _owned(files: Iterable[TreeFile], asked: Collection[str]) -> Iterator[str]:
    """The paths of what belongs to packages; to those that it needs, where a package has no module of its own.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/ and
    https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html say where that stands.
    """
    by_path = {file.path: file for file in files}
    records = [(path, match) for path in by_path if (match := _RECORD.fullmatch(path) or _CONDA.fullmatch(path))]
    waiting, seen = set(asked), set[str]()
    while waiting:
        seen |= waiting
        needed: set[str] = set()
        for path, match in records:
            if canonicalize_name(match["name"]) not in waiting:
                continue
            listed = _listed(by_path[path])
            if any(one.endswith((".py", ".so")) for one in listed):
                yield from (f"{match['place']}/{one}" for one in listed)
            else:
                needed |= set(map(canonicalize_name, _NEEDS.findall(_text(by_path.get(_beside_it(path))))))
        waiting = needed - seen


def _beside_it(record: str) -> str:
    return record.removesuffix("RECORD") + "METADATA"


def _listed(record: TreeFile) -> list[str]:
    """What a package's list of its files names; nothing where it cannot be read: packages write it themselves."""
    text = _text(record)
    try:
        if record.path.endswith(".json"):
            return [str(one) for one in json.loads(text)["files"]]
        return [row[0] for row in csv.reader(text.splitlines()) if row]
    except (csv.Error, ValueError, LookupError, TypeError):
        return []


def _text(file: TreeFile | None) -> str:
    if file is None or not isinstance(file.content, bytes | Path):
        return ""
    content = file.content if isinstance(file.content, bytes) else read_whole(file.content, _MOST)
    return (content or b"").decode(errors="replace")
