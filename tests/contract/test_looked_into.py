"""Real packages and real pickles are looked into as their own libraries read them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.base_images.cache import cache_folder
from azure_sandbox.base_images.debian import debian_layer
from functions_model.bundle import layout
from functions_model.environment import install, read_environment, resolve
from functions_model.image.tree import read_tree
from functions_model.pipeline.base_libraries import libraries_in
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.libraries import check_libraries
from functions_model.preflight.pickle_files import look_into
from functions_model.preflight.taking import take_inventory
from support.projects import project

if TYPE_CHECKING:
    from functions_model.environment import Lock

pytestmark = pytest.mark.exhaustive
MINOR = "3.11"
PACKAGES = ("cloudpickle", "joblib", "lightgbm", "opencv-python", "scikit-learn", "skops", "spacy", "xgboost-cpu")
ALONE = {"xgboost-cpu": "xgboost", **({"torch": "torch"} if os.environ.get("SOAK") else {})}
"""Packages, and what they are imported as. PyTorch brings some GB of libraries for GPUs: `make soak` looks at it."""
IMPORTS = "import cv2\nimport lightgbm\nimport spacy\nimport xgboost\n"
WRITES = """
import collections, json, pathlib, pickle, sys
import cloudpickle, joblib, numpy, skops.io
from joblib import numpy_pickle, numpy_pickle_utils
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

folder = pathlib.Path(sys.argv[1])
data = numpy.random.RandomState(1).rand(60, 4)
forest = make_pipeline(StandardScaler(), RandomForestClassifier(5)).fit(data, data[:, 0] > 0.5)
arrays = {
    "objects": numpy.array([None, StandardScaler()], dtype=object), "text": numpy.array(["abc"]),
    "structure": numpy.zeros(2, dtype=[("a", "f8"), ("b", "i4")]), "one": numpy.array(3.0),
    "mixed": numpy.zeros(2, dtype=[("a", "f8"), ("b", "O")]), "day": numpy.array(["2020-01-01"], dtype="M8[D]"),
    "order": numpy.asfortranarray(numpy.ones((3, 4))), "none": numpy.zeros((0, 3)),
    "last": collections.Counter("a"),
}
for name, model in (("forest", forest), ("arrays", arrays)):
    for compress in (0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)):
        word = compress if isinstance(compress, int) else compress[0]
        joblib.dump(model, folder / f"{name}-{word}.joblib", compress=compress)
    for protocol in range(6):
        (folder / f"{name}-{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))
(folder / "function.pkl").write_bytes(cloudpickle.dumps(FunctionTransformer(lambda values: json.dumps(values))))
skops.io.dump(forest, folder / "forest.skops")

asked = {}
def record(loader):
    class Recording(loader):
        def find_class(self, module, name):
            found = super().find_class(module, name)
            asked.setdefault(now, []).append([getattr(found, "__module__", None) or module, name])
            return found
    return Recording

plain = record(pickle._Unpickler)
for file in sorted(folder.glob("*.pkl")):
    now = file.name
    plain(file.open("rb")).load()
numpy_pickle.NumpyUnpickler = record(numpy_pickle.NumpyUnpickler)
numpy_pickle.pickle.load = lambda stream, **options: plain(stream).load()
for file in sorted(folder.glob("*.joblib")):
    now = file.name
    joblib.load(file)
print(json.dumps(asked))
"""


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Lock:
    """The packages' lock."""
    folder = tmp_path_factory.mktemp("lock")
    (folder / "requirements.txt").write_text("\n".join(PACKAGES))
    return resolve(read_environment(folder / "requirements.txt"), MINOR, work=folder / "resolve")


@pytest.fixture(scope="module")
def site(lock: Lock, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where they are installed."""
    folder = tmp_path_factory.mktemp("site")
    return install(lock, MINOR, folder / "packages", work=folder / "work").site_packages


@pytest.fixture(scope="module")
def inventory(lock: Lock, site: Path) -> Inventory:
    """What they bring."""
    return take_inventory([read_tree(site, layout.SITE_PACKAGES, root=site)], lock, MINOR)


def _of_the_base() -> frozenset[str]:
    """The shared libraries of the sandbox's Functions base, which has what Microsoft's has."""
    blobs = cache_folder() / "blobs"
    base = debian_layer(MINOR, blobs, lambda _: None)
    with gzip.open(blobs / base.digest.removeprefix("sha256:")) as layer:
        return frozenset(libraries_in(layer))  # type: ignore[arg-type]


class TestLibraries:
    @pytest.mark.needs("mmdebstrap")
    @pytest.mark.parametrize("package", ALONE)
    def test_of_one_alone(self, package: str, tmp_path: Path) -> None:
        """No alarm, whatever else it brings: drivers and plugins that nothing imports are its own affair."""
        (tmp_path / "requirements.txt").write_text(package)
        lock = resolve(read_environment(tmp_path / "requirements.txt"), MINOR, work=tmp_path / "resolve")
        site = install(lock, MINOR, tmp_path / "packages", work=tmp_path / "work").site_packages
        brings = take_inventory([read_tree(site, layout.SITE_PACKAGES, root=site)], lock, MINOR)
        lines = f"import {ALONE[package]}\ndef init(): pass\ndef run(data): pass\n"

        assert brings.version_of(package)
        assert [] == list(check_libraries(project(tmp_path / "code", {"score.py": lines}), brings, _of_the_base))

    @pytest.mark.needs("mmdebstrap")
    def test_of_the_field(self, inventory: Inventory, tmp_path: Path) -> None:
        """No alarm on a base with what Microsoft's has; one without OpenMP is told, and what nothing imports is not."""
        names = _of_the_base()
        script = project(tmp_path, {"score.py": f"{IMPORTS}def init(): pass\ndef run(data): pass\n"})

        whole = list(check_libraries(script, inventory, lambda: names))
        less = list(check_libraries(script, inventory, lambda: names - {"libgomp.so.1"}))

        assert {"cv2", "lightgbm"} == {one.package for one in inventory.libraries}
        assert [] == whole
        assert ["Give `apt-packages: libgomp1` with `builder: docker`."] == [one.problem.remedy for one in less]


class TestPickles:
    def test_name_what_their_own_unpicklers_ask_for(self, site: Path, tmp_path: Path) -> None:
        """Each protocol, each compression of joblib, arrays of every kind, functions by value, and skops."""
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", WRITES, str(tmp_path)], env=environ, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stderr
        asked = json.loads(done.stdout)
        found = {file.name: look_into(file) for file in tmp_path.iterdir()}

        assert len(asked) + 1 == len(found)
        for name, pickled in found.items():
            assert pickled is not None, name
            assert pickled.whole, name
            names = {one.name for one in pickled.found}
            assert {each for _, each in asked.get(name, [])} <= names, name
        versions = {pickled.sklearn for name, pickled in found.items() if pickled and name.startswith("forest")}
        assert 1 == len(versions)
        assert any(versions)
