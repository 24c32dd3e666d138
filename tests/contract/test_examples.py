"""Each example works as its README says, in the state in which it lies in the repository."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from functions_model.bundle import check_entry_script, check_mlflow_model
from functions_model.bundle.layout import SITE_PACKAGES
from functions_model.cli.folder import inputs_of
from functions_model.core.spec import BlobTrigger, ServiceBusQueueTrigger
from functions_model.inputs.catalogue import CATALOGUE
from support.function_app import FunctionApp, function_app, runtime_python, spec_of
from support.tools import EXAMPLES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.exhaustive

TOP = ROOT / "examples"
IRIS = TOP / "iris-http"
LANGUAGE = TOP / "blob-language"
READINGS = TOP / "service-bus-readings"
DENOISE = TOP / "raw-image-denoise"
RENT = TOP / "rent-by-identity"
WITH_SCRIPT = [folder for folder in EXAMPLES if (folder / "score.py").exists()]


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of an example, as they would be checked out."""
    names = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return {f"src/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in names}


def workflow_inputs(folder: Path) -> dict[str, str]:
    """What an example's workflow gives the action."""
    steps = yaml.safe_load((folder / "workflow.yml").read_text())["jobs"]["deploy"]["steps"]
    [given] = [step["with"] for step in steps if "functions-model-action" in step.get("uses", "")]
    return {name: str(value) for name, value in given.items()}


def answers_of(folder: Path) -> list[Any]:
    """The answers that an example's README shows."""
    return [json.loads(one) for one in re.findall(r"```json\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)]


def app_of(folder: Path, workspace: Path, **spec: Any) -> FunctionApp:
    """An example's planned app, in a worker of the old kind unless `mode` says otherwise."""
    models = ((workflow_inputs(folder)["model-name"], "1", "src/model"),)
    return function_app(workspace, files_of(folder), models=models, **spec)


def train_again(folder: Path, workspace: Path) -> Path:
    """What `train.py` makes of a copy of the example."""
    copy = workspace / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("model", "__pycache__"))
    subprocess.run([sys.executable, "-W", "error", "train.py"], cwd=copy, check=True, capture_output=True)
    return copy / "model"


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
class TestEveryExample:
    """What holds for all of them."""

    def test_what_scores_fits(self, folder: Path) -> None:
        """The check of entry scripts, or of MLflow models, has nothing to say."""
        if folder in WITH_SCRIPT:
            code = spec_of(TOP, source=folder.name).code
            assert code

            assert () == check_entry_script(code)
        else:
            assert () == check_mlflow_model(folder / "model", root=TOP)

    def test_workflow_uses_inputs_that_exist(self, folder: Path) -> None:
        """The sample workflow gives inputs from the catalogue, every required one, and paths that are there."""
        given = workflow_inputs(folder)

        assert set(given) <= {spec.name for spec in CATALOGUE}
        assert {spec.name for spec in CATALOGUE if spec.required is True} <= set(given)
        assert all((ROOT / value).exists() for value in given.values() if value.startswith("examples/"))

    def test_workflow_says_what_the_folder_says(self, folder: Path) -> None:
        """The inputs that `functions-model try` takes from the folder are the workflow's, paths and all."""
        under = f"examples/{folder.name}/"
        given = {name: value.removeprefix(under).rstrip("/") for name, value in workflow_inputs(folder).items()}
        tried = inputs_of(folder)

        assert tried == {name: given.get(name) for name in tried}

    def test_readme_names_the_files_and_the_command(self, folder: Path) -> None:
        """Every file in the README's table is there, and the command names the folder."""
        readme = (folder / "README.md").read_text()
        named = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| (.*?) \|", readme, re.MULTILINE)))

        assert [] == [name for name in named if not (folder / name).exists()]
        assert f"functions-model try examples/{folder.name}\n" in readme


@pytest.mark.parametrize("folder", WITH_SCRIPT, ids=lambda folder: folder.name)
def test_only_what_scoring_needs_is_packed(folder: Path, tmp_path: Path) -> None:
    """The code layer holds the entry script alone, and the model lies where the script looks."""
    packed = app_of(folder, tmp_path).root / "var/azureml-app"
    names = {path.relative_to(packed).as_posix() for path in packed.rglob("*") if path.is_file()}
    [model] = (folder / "model").iterdir()
    name = workflow_inputs(folder)["model-name"]

    assert {f"azureml-models/{name}/1/model/{model.name}", "requirements.lock", "src/score.py"} == names


class TestIris:
    """`examples/iris-http`."""

    @pytest.mark.needs("python3.13")
    def test_sample_request_gets_the_answer_of_the_readme(self, tmp_path: Path) -> None:
        """Under Microsoft's runtime the sample request is answered as the README shows."""
        [expected] = answers_of(IRIS)
        with app_of(IRIS, tmp_path, mode="runtime") as app:
            answer = app.call(
                "score",
                "https://localhost/api/score",
                (IRIS / "sample-request.json").read_bytes(),
                headers={"Content-Type": "application/json"},
            )

            assert (200, expected) == (answer.status, answer.json)

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


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionApp]:
    """The app of `examples/blob-language`, started once."""
    given = inputs_of(LANGUAGE)
    trigger = BlobTrigger(given["input-path"], given["output-path"])
    with app_of(LANGUAGE, tmp_path_factory.mktemp("language"), trigger=trigger) as app:
        yield app


class TestLanguage:
    """`examples/blob-language`."""

    def test_sample_gets_the_answer_of_the_readme(self, language: FunctionApp) -> None:
        """As a blob and by the check function alike; a text without letters is a failure and has no answer."""
        sample = (LANGUAGE / "sample-request.txt").read_bytes()
        outcome = language.trigger(sample, {"BlobTrigger": "texts/letter.txt"})
        checked = language.call("check", "https://localhost/api/check", sample)
        refused = language.trigger(b"12:30", {"BlobTrigger": "texts/numbers.txt"})

        assert outcome.result
        assert [json.loads(outcome.result)] == [checked.json] == answers_of(LANGUAGE)
        assert refused.result is None
        assert "500" in refused.failure

    def test_other_words_of_each_language_are_known(self, language: FunctionApp) -> None:
        """The model tells sentences that it did not learn from."""
        sentences = {
            "Dutch": "Waar heb je gisteren zo lang gezeten?",
            "English": "Where did you spend all of yesterday?",
            "French": "Où est-ce que tu as passé toute la journée d'hier ?",
            "German": "Wo bist du denn gestern so lange gewesen?",
            "Italian": "Dove sei stato ieri per tutto il giorno?",
            "Polish": "Gdzie byłeś wczoraj przez cały dzień?",
            "Spanish": "¿Dónde estuviste ayer durante todo el día?",
            "Swedish": "Var har du varit hela dagen i går?",
        }
        url = "https://localhost/api/check"
        answers = [language.call("check", url, text.encode()).json["language"] for text in sentences.values()]

        assert list(sentences) == answers

    def test_training_again_gives_the_same_model(self, tmp_path: Path) -> None:
        """`train.py` makes the model in the repository, byte for byte."""
        made = train_again(LANGUAGE, tmp_path) / "languages.json"

        assert (LANGUAGE / "model" / "languages.json").read_bytes() == made.read_bytes()


class TestReadings:
    """`examples/service-bus-readings`."""

    def test_sample_gets_the_answer_of_the_readme(self, tmp_path: Path) -> None:
        """The check function gives the README's answer, a message the same with its id; a broken one fails."""
        given = inputs_of(READINGS)
        sample = (READINGS / "sample-request.json").read_bytes()
        trigger = ServiceBusQueueTrigger(given["input-queue-name"], given["output-queue-name"])
        with app_of(READINGS, tmp_path, trigger=trigger) as app:
            checked = app.call("check", "https://localhost/api/check", sample)
            outcome = app.trigger(sample, {"MessageId": "m-1", "UserProperties": {}})
            refused = app.trigger(b'{"readings": [{"flow": 3}]}', {"MessageId": "m-2", "UserProperties": {}})

            assert outcome.result
            assert answers_of(READINGS) == [checked.json]
            assert checked.json | {"answers": "m-1"} == json.loads(outcome.result)
            assert refused.result is None
            assert "500" in refused.failure

    def test_training_again_gives_the_same_model(self, tmp_path: Path) -> None:
        """`train.py` makes the model in the repository."""
        made = train_again(READINGS, tmp_path) / "pump.json"

        assert json.loads((READINGS / "model" / "pump.json").read_text()) == json.loads(made.read_text())


class TestRent:
    """`examples/rent-by-identity`; `tests/e2e/test_script_identity.py` has it read its blob."""

    def test_sample_gets_the_answer_of_the_readme(self, tmp_path: Path) -> None:
        """Without rates there is the euro alone."""
        with app_of(RENT, tmp_path) as app:
            answer = app.call("score", "https://localhost/api/score", (RENT / "sample-request.json").read_bytes())

            assert answers_of(RENT) == [answer.json]

    def test_training_again_gives_the_same_model(self, tmp_path: Path) -> None:
        """`train.py` makes the model in the repository."""
        made = train_again(RENT, tmp_path) / "rent.json"

        assert json.loads((RENT / "model" / "rent.json").read_text()) == json.loads(made.read_text())


COMPARE = """
import json, sys
from PIL import Image, ImageChops, ImageStat
clean, *others = map(Image.open, sys.argv[1:])
away = [ImageStat.Stat(ImageChops.difference(one, clean)).rms[0] for one in others]
print(json.dumps([[one.format, one.size, round(shades)] for one, shades in zip(others, away)]))
"""


class TestDenoise:
    """`examples/raw-image-denoise`."""

    def test_sample_gets_less_noisy(self, tmp_path: Path) -> None:
        """A picture comes back as a picture, nearer to the clean one as the README says; other bytes are refused."""
        app = app_of(DENOISE, tmp_path)
        packages = app.root / SITE_PACKAGES
        [pillow] = [one for one in (DENOISE / "requirements.txt").read_text().split() if one.startswith("pillow")]
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "pip", "install", "-q", "--python", sys.executable, "--target", packages, pillow], check=True
        )
        noisy = (DENOISE / "sample-request.png").read_bytes()
        with app:
            answer = app.call("score", "https://localhost/api/score", noisy, headers={"Content-Type": "image/png"})
            refused = app.call("score", "https://localhost/api/score", b"\xff\xfe no picture")

        (tmp_path / "answer.png").write_bytes(answer.body)
        pictures = [DENOISE / "clean.png", DENOISE / "sample-request.png", tmp_path / "answer.png"]
        compared = subprocess.run(
            [sys.executable, "-c", COMPARE, *pictures],
            env={"PYTHONPATH": str(packages)},
            capture_output=True,
            check=True,
        )

        assert (200, "image/png") == (answer.status, answer.headers["content-type"])
        assert [["PNG", [64, 64], 29], ["PNG", [64, 64], 17]] == json.loads(compared.stdout)
        assert (400, answers_of(DENOISE)) == (refused.status, [refused.json])
