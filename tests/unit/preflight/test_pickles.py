"""Pickles whose modules the image has, or has not."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from functions_model.preflight.finding import Weight
from functions_model.preflight.inventory import Distribution, Inventory
from functions_model.preflight.pickles import check_pickles
from support.projects import project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from functions_model.preflight.finding import Finding

INSTALLED = Inventory(
    distributions=(Distribution("scikit-learn", "1.5.2"), Distribution("numpy", "1.26.4")),
    files=(
        "numpy/__init__.py",
        "numpy/core/__init__.py",
        "sklearn/__init__.py",
        "sklearn/base.py",
        "joblib/__init__.py",
    ),
)
LOADS = (
    "import pickle\nmodel = None\ndef init():\n    pickle.load(open(ROOT + '/model.pkl', 'rb'))\ndef run(data): pass\n"
)


def named(*names: str) -> bytes:
    """A pickle that names these: `module:class`."""
    parts = (b"c" + name.replace(":", "\n").encode() + b"\n" for name in names)
    return b"\x80\x02(" + b"".join(parts) + b"l."


def estimator(version: str) -> bytes:
    """A pickle of an estimator that this version of scikit-learn wrote."""
    return b"\x80\x02csklearn.base\nBaseEstimator\n)\x81" + pickle.dumps({"_sklearn_version": version}, 2)[2:-1] + b"b."


def _found(folder: Path, model: Mapping[str, bytes], code: Mapping[str, str] | None = None) -> list[Finding]:
    """What is found, without the line that counts."""
    return list(check_pickles(project(folder, {"score.py": LOADS, **(code or {})}, model), INSTALLED))[:-1]


class TestWhatIsThere:
    @pytest.mark.parametrize(
        "names",
        [
            ("builtins:set", "collections:OrderedDict"),
            ("sklearn.base:BaseEstimator", "numpy.core.multiarray:_reconstruct", "joblib:Parallel"),
            ("features:Encoder",),
            ("features:Encoder.Inner",),
            ("pack.inner:Thing",),
        ],
    )
    def test_is_left_alone(self, tmp_path: Path, names: tuple[str, ...]) -> None:
        """The standard library, what is installed, and the user's own modules."""
        code = {"features.py": "class Encoder: pass", "pack/__init__.py": "", "pack/inner.py": "from other import *"}
        installed = Inventory(INSTALLED.distributions, (*INSTALLED.files, "numpy/core/multiarray.so"))

        found = check_pickles(project(tmp_path, {"score.py": LOADS, **code}, {"model.pkl": named(*names)}), installed)

        assert ["1 pickled model file was read."] == [one.problem.what for one in found]

    def test_without_pickles(self, tmp_path: Path) -> None:
        """Not even a count."""
        assert [] == list(check_pickles(project(tmp_path, {"score.py": LOADS}, {"model.json": b"{}"}), INSTALLED))


class TestWhatIsNotThere:
    def test_a_class_of_the_training_script(self, tmp_path: Path) -> None:
        """With both ways out, on the line that loads it; each of them works."""
        model = {"model.pkl": named("__main__:Encoder")}

        [found] = _found(tmp_path, model)
        moved = _found(tmp_path, {"model.pkl": named("features:Encoder")}, {"features.py": "class Encoder: pass"})
        put = _found(tmp_path, model, {"score.py": f"import __main__; __main__.Encoder = Encoder\n{LOADS}"})
        guarded = _found(tmp_path, model, {"score.py": f"{LOADS}\nif __name__ == '__main__':\n    init()\n"})

        assert (Weight.FAILURE, 4) == (found.weight, found.problem.location and found.problem.location.line)
        assert found.problem.what.startswith("`model/model.pkl` needs `__main__.Encoder`")
        assert "`import __main__; __main__.Encoder = Encoder`" in found.problem.remedy
        assert ([], [], 1) == (moved, put, len(guarded))

    def test_several_of_the_training_script(self, tmp_path: Path) -> None:
        """All at once, with one line that puts each of them there."""
        [found] = _found(tmp_path, {"model.pkl": named("__main__:Clip", "__main__:logit", "__main__:Clip.Inner")})
        put = found.problem.remedy.rpartition("`import ")[2].partition("`")[0]

        assert "needs `__main__.Clip`, `__main__.logit`: `Clip`, `logit` of the script" in found.problem.what
        assert "__main__; __main__.Clip = Clip; __main__.logit = logit" == put

    def test_a_module_of_the_training_project(self, tmp_path: Path) -> None:
        """Once, however many classes of it are named."""
        [found] = _found(tmp_path, {"model.pkl": named("churn.steps:A", "churn.steps:B", "churn.other:C")})

        assert found.weight is Weight.FAILURE
        assert "needs `churn.steps.A`, and nothing in the image has the module `churn`" in found.problem.what
        assert "put it into the source directory as `churn/steps.py`." in found.problem.remedy

    def test_a_package(self, tmp_path: Path) -> None:
        """By the name that it is installed by."""
        [found] = _found(tmp_path, {"model.pkl": named("cv2:KeyPoint")})

        assert "Give an `environment-file` that asks for `opencv-python-headless`." == found.problem.remedy

    def test_a_name_that_a_module_has_no_more(self, tmp_path: Path) -> None:
        """The user's own module is there, without the class."""
        [found] = _found(tmp_path, {"model.pkl": named("features:Encoder")}, {"features.py": "class Other: pass"})

        assert "needs `Encoder` of `features.py`, which has no such name" in found.problem.what

    def test_a_module_of_another_version(self, tmp_path: Path) -> None:
        """NumPy 2 wrote it, and NumPy 1 is installed."""
        [found] = _found(tmp_path, {"model.pkl": named("numpy._core.multiarray:_reconstruct")})

        assert "and `numpy` 1.26.4 has no module `numpy._core`" in found.problem.what
        assert "Ask for `numpy>=2`, or make it again with 1.26.4." == found.problem.remedy

    @pytest.mark.parametrize(
        ("code", "model", "weight"),
        [
            ({}, {"other.pkl": b"", "model.pkl": b""}, Weight.NOTE),
            ({"score.py": "open(f'{name}.joblib')"}, {"model.pkl": b""}, Weight.WARNING),
            ({"score.py": "class Own(Unpickler):\n  def find_class(self, module, name): pass"}, {}, Weight.NOTE),
            ({"score.py": "import sys\nsys.modules['gone'] = sys"}, {}, None),
            ({"score.py": "x = 1"}, {}, Weight.FAILURE),
        ],
    )
    def test_weight(self, tmp_path: Path, code: dict[str, str], model: dict[str, bytes], weight: Weight | None) -> None:
        """What the script does not name may never be loaded; what it says of names changes what is loaded."""
        found = _found(tmp_path, {"a.joblib": named("gone:X"), **model}, code)

        assert ([weight] if weight else []) == [one.weight for one in found]

    def test_beside_the_script(self, tmp_path: Path) -> None:
        """A pickle that the script names, and one that it does not."""
        source = tmp_path / "src"
        source.mkdir()
        for name in ("encoder.pkl", "cache.pkl"):
            (source / name).write_bytes(named("gone:X"))

        found = _found(tmp_path, {}, {"score.py": "open('encoder.pkl')"})

        assert ["`src/encoder.pkl`"] == [one.problem.what.split()[0] for one in found]


class TestScikitLearn:
    def test_of_another_minor(self, tmp_path: Path) -> None:
        """A warning with both versions."""
        [found] = _found(tmp_path, {"model.pkl": estimator("1.2.2")})

        assert found.weight is Weight.WARNING
        assert "was written by scikit-learn 1.2.2, and the environment has 1.5.2" in found.problem.what
        assert "Ask for `scikit-learn==1.2.2`, or make it again with 1.5.2." == found.problem.remedy

    def test_of_the_same_minor(self, tmp_path: Path) -> None:
        """A patch changes nothing."""
        assert [] == _found(tmp_path, {"model.pkl": estimator("1.5.0")})

    def test_that_lacks_a_module_now(self, tmp_path: Path) -> None:
        """One failure says both."""
        content = estimator("0.21.3")[:-1] + b"csklearn.ensemble.forest\nX\n\x86."

        [found] = _found(tmp_path, {"model.pkl": content})

        assert (
            "and `scikit-learn` 1.5.2 has no module `sklearn.ensemble`: scikit-learn 0.21.3 wrote it"
            in found.problem.what
        )
        assert found.problem.remedy.startswith("Ask for `scikit-learn==0.21.3`")


class TestTheCount:
    def test_says_what_was_not_understood(self, tmp_path: Path) -> None:
        """One line, with an example."""
        model = {"a.pkl": named("builtins:set"), "b.joblib": b"\x04\x22\x4d\x18", "c.txt": b"text"}

        *_, count = check_pickles(project(tmp_path, {"score.py": LOADS}, model), INSTALLED)

        assert Weight.NOTE is count.weight
        assert "note: 1 of 2 pickled model files were read; `model/b.joblib` could not be." == count.line
