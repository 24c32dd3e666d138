"""Each example works as its README says, in the state in which it lies in the repository."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from functions_model.bundle import check_entry_script
from functions_model.inputs.catalogue import CATALOGUE
from support.function_app import function_app, runtime_python, spec_of
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "examples"
IRIS = EXAMPLES / "iris-http"
FOLDERS = sorted(folder for folder in EXAMPLES.iterdir() if folder.is_dir())


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of an example, as they would be checked out."""
    names = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return {f"src/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in names}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
class TestEveryExample:
    """What holds for all of them."""

    def test_entry_script_fits(self, folder: Path) -> None:
        """The check of entry scripts has nothing to say."""
        spec = spec_of(EXAMPLES, source=folder.name)

        assert () == check_entry_script(spec.code)

    def test_workflow_uses_inputs_that_exist(self, folder: Path) -> None:
        """The sample workflow gives inputs from the catalogue, every required one, and paths that are there."""
        steps = yaml.safe_load((folder / "workflow.yml").read_text())["jobs"]["deploy"]["steps"]
        [given] = [step["with"] for step in steps if "functions-model-action" in step.get("uses", "")]

        assert set(given) <= {spec.name for spec in CATALOGUE}
        assert {spec.name for spec in CATALOGUE if spec.required is True} <= set(given)
        assert all((ROOT / value).exists() for value in given.values() if str(value).startswith("examples/"))


class TestIris:
    """`examples/iris-http`."""

    @pytest.mark.needs("python3.13")
    def test_sample_request_gets_the_answer_of_the_readme(self, tmp_path: Path) -> None:
        """Under Microsoft's runtime the sample request is answered as the README shows."""
        readme = (IRIS / "README.md").read_text()
        expected = json.loads(re.findall(r"```json\n(.*?)```", readme, re.DOTALL)[0])
        models = (("iris", "1", "src/model"),)
        with function_app(tmp_path, files_of(IRIS), mode="runtime", models=models) as app:
            answer = app.call(
                "score",
                "https://localhost/api/score",
                (IRIS / "sample-request.json").read_bytes(),
                headers={"Content-Type": "application/json"},
            )

            assert (200, expected) == (answer.status, answer.json)

    def test_only_what_scoring_needs_is_packed(self, tmp_path: Path) -> None:
        """The code layer holds the entry script alone, and the model lies where the script looks."""
        app = function_app(tmp_path, files_of(IRIS), models=(("iris", "1", "src/model"),))
        packed = (app.root / "var/azureml-app").rglob("*")

        assert ["azureml-models/iris/1/model/model.joblib", "requirements.lock", "src/score.py"] == sorted(
            path.relative_to(app.root / "var/azureml-app").as_posix() for path in packed if path.is_file()
        )

    @pytest.mark.needs("python3.13")
    def test_training_again_gives_the_same_model(self, tmp_path: Path) -> None:
        """`train.py` makes a model that answers as the one in the repository, which loads without a warning."""
        shutil.copy(IRIS / "train.py", tmp_path)
        program = (
            "import joblib, runpy, sys; runpy.run_path('train.py', run_name='__main__');"
            "from sklearn.datasets import load_iris; flowers = load_iris().data;"
            f"kept = joblib.load({str(IRIS / 'model/model.joblib')!r}); made = joblib.load('model/model.joblib');"
            "assert abs(kept.predict_proba(flowers) - made.predict_proba(flowers)).max() < 1e-6"
        )

        finished = subprocess.run(
            [runtime_python(), "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )

        assert (0, "") == (finished.returncode, finished.stderr)

    def test_one_version_of_scikit_learn_is_named(self) -> None:
        """conda.yml, the README and the model itself name the same version, and no Python is pinned."""
        conda = yaml.safe_load((IRIS / "conda.yml").read_text())["dependencies"]
        [version] = [one.partition("=")[2] for one in conda if str(one).startswith("scikit-learn=")]

        assert version.encode() in (IRIS / "model" / "model.joblib").read_bytes()
        assert [version] == re.findall(r"scikit-learn==([\d.]+)", (IRIS / "README.md").read_text())
        assert not [one for one in conda if str(one).startswith("python")]
