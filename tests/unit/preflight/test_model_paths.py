"""Constant paths below the model's folder, as scripts write them."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from functions_model.preflight.finding import Weight
from functions_model.preflight.model_paths import check_model_paths, missing_paths
from support.projects import project

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "var/azureml-app/azureml-models/iris/1"
FILES = frozenset({f"{FOLDER}/model/m.json", f"{FOLDER}/model/sub/b.bin", "var/azureml-app/azureml-models/other/2/x"})
ROOT = 'os.environ["AZUREML_MODEL_DIR"]'
TOLD = [
    f'p = os.path.join({ROOT}, "m.json")',
    f'p = join({ROOT}, "m.json")',
    f'p = open({ROOT} + "/m.json")',
    f'p = Path({ROOT}) / "m.json"',
    f'p = Path({ROOT}, "m.json").read_text()',
    f'p = Path({ROOT}).resolve().joinpath("m.json")',
    'p = f"{os.environ["AZUREML_MODEL_DIR"]}/m.json"'.replace('["AZUREML_MODEL_DIR"]', "['AZUREML_MODEL_DIR']"),
    'p = os.path.join(os.getenv("AZUREML_MODEL_DIR"), "m.json")',
    'p = os.path.join(os.getenv("AZUREML_MODEL_DIR", "."), "m.json")',
    'p = os.path.join(os.environ.get("AZUREML_MODEL_DIR") or "model", "m.json")',
    'p = os.path.join(str(os.environ.get("AZUREML_MODEL_DIR")), NAME)',
    'p = os.path.join(os.environ[VARIABLE], "m.json")',
    f'if "AZUREML_MODEL_DIR" in os.environ:\n  p = os.path.join({ROOT}, "m.json")\nelse:\n  p = "m.json"',
    f'p = os.path.join({ROOT}, "m.json") if os.getenv("AZUREML_MODEL_DIR") else "m.json"',
    f'p = os.path.join({ROOT}, "m.json")\nprint(p)',
    f'try:\n  p = os.path.join({ROOT}, "m.json")\nexcept OSError as error:\n  print(error)\n  raise',
    f'p: str = os.path.join({ROOT}, "model", "..", "m.json")',
    f'with open(os.path.join({ROOT}, "m.json")) as file:\n  x = file.read()',
    f'root = {ROOT}\np = os.path.join(root, "m.json")',
    f'global root\nroot = {ROOT}\np = os.path.join(root, "m.json")',
    'load()\nx = "".join(["a", "b"])',
]
NOT_TOLD = [
    f'p = os.path.join({ROOT}, "model", "m.json")',
    f'p = os.path.join({ROOT}, "model")',
    f'p = os.path.join({ROOT}, "model/sub/")',
    f'p = os.path.join({ROOT}, "..", "1", "model")',
    f'p = os.path.join({ROOT}, "/m.json")',
    f"p = {ROOT}",
    f"p = os.path.join({ROOT}, name)",
    f"p = os.path.join({ROOT}, os.listdir({ROOT})[0])",
    f'p = glob.glob(os.path.join({ROOT}, "*.json"))',
    f'p = glob.glob({ROOT} + "/**/m.json")',
    f'p = os.path.join({ROOT}, "m.json")\nif not os.path.exists(p):\n  p = "other"',
    f'p = Path({ROOT}) / "m.json"\nif p.is_file():\n  x = p.read_text()',
    f'p = os.path.join({ROOT}, "cache")\nos.makedirs(p)\nx = open(os.path.join(p, "x"))',
    f'with open(os.path.join({ROOT}, "log.txt"), "a") as file:\n  file.write("x")',
    f'p = os.path.join({ROOT}, "m.json")\nframe.to_csv(p)',
    f'os.environ["HF_HOME"] = os.path.join({ROOT}, "hf")',
    f'os.environ.setdefault("HF_HOME", os.path.join({ROOT}, "hf"))',
    f'x = pretrained({ROOT}, cache_dir=os.path.join({ROOT}, "hf"))',
    f'nltk.data.path.append(os.path.join({ROOT}, "nltk_data"))',
    f'x = logging.FileHandler(os.path.join({ROOT}, "x.log"))',
    f'print("looking at", os.path.join({ROOT}, "m.json"))',
    f'with contextlib.suppress(OSError):\n  p = open(os.path.join({ROOT}, "m.json"))',
    f'try:\n  p = open(os.path.join({ROOT}, "m.json"))\nexcept OSError:\n  p = None',
    f'if os.getenv("STAGE") == "a":\n  p = os.path.join({ROOT}, "m.json")',
    f'p = os.path.join({ROOT}, "m.json") if LOCAL else "m.json"',
    f'for name in ["a"]:\n  p = os.path.join({ROOT}, name)',
    f'for root in [{ROOT}]:\n  p = os.path.join(root, "m.json")',
    f'p = "m"\np += ".json"\nq = os.path.join({ROOT}, p)',
    f'root = {ROOT}\nroot = os.path.dirname(root)\nq = os.path.join(root, "m.json")',
    'root = os.path.join(root, "m")\nq = os.path.join(root, "m.json")',
    f'zipfile.ZipFile(os.path.join({ROOT}, "model/sub/b.bin")).extractall({ROOT})\np = os.path.join({ROOT}, "m")',
    f'hf_hub_download("x", local_dir={ROOT})\np = os.path.join({ROOT}, "m.json")',
    f'p = "m.json" or os.path.join({ROOT}, "n.json")',
    "unused = 1",
]


def _missing(body: str) -> list[str]:
    script = f"""
import os
NAME = "m.json"
VARIABLE = "AZUREML_MODEL_DIR"
LOCAL = False


def load():
    return open({ROOT} + "/m.json")


def tool(path=None):
    return open(os.path.join(path or {ROOT}, "tool.json"))


def never():
    return open({ROOT} + "/never.json")


def init():
    name = NAME + VARIABLE[:2]
@
""".replace("@", "\n".join(f"    {line}" for line in dedent(body).splitlines()))
    return [path for _, path in missing_paths(ast.parse(script), FOLDER, FILES)]


class TestMissingPaths:
    @pytest.mark.parametrize("body", TOLD)
    def test_told(self, body: str) -> None:
        """However it is written, where nothing decides whether it is reached."""
        assert ["m.json"] == _missing(body)

    @pytest.mark.parametrize("body", NOT_TOLD)
    def test_not_told(self, body: str) -> None:
        """What is there, what is not known, and what the script looks for, makes, or can do without."""
        assert [] == _missing(body)

    def test_lines(self) -> None:
        """Each path once, on the first line that says it; what is below it is told with it."""
        script = f"""
root = {ROOT}
first = root + "/a"
second = first + "/b"
def run(data):
    return open(root + "/c"), open(first)
"""

        assert ((3, "a"), (6, "c")) == missing_paths(ast.parse(script), FOLDER, FILES)

    def test_several_models(self) -> None:
        """The variable then says the folder of all models."""
        script = ast.parse(f'ok, wrong = {ROOT} + "/other/2/x", {ROOT} + "/other/3/x"')

        assert ((1, "other/3/x"),) == missing_paths(script, "var/azureml-app/azureml-models", FILES)


class TestCheckModelPaths:
    def test_names_what_is_there(self, tmp_path: Path) -> None:
        """The path that is missing, its line, and the file of that name; as it is written there, nothing is wrong."""
        script = f"import os\ndef init():\n    return open(os.path.join({ROOT}, 'm.json'))\n"
        model = {"m.json": "{}", "other.bin": "x"}

        [found] = check_model_paths(project(tmp_path, {"score.py": script}, model))
        mended = project(tmp_path, {"score.py": script.replace("m.json", "model/m.json")}, model)

        assert str(found.problem) == (
            "entry-script: the script opens `m.json` below `AZUREML_MODEL_DIR`, where it is not (src/score.py:3)."
            " There is `model/m.json`. Write one of these paths."
        )
        assert [] == list(check_model_paths(mended))

    def test_the_beginning_of_a_name(self, tmp_path: Path) -> None:
        """PyCaret writes `.pkl` behind what it is given, TensorFlow takes what all files of a checkpoint begin with."""
        script = f"x = load_model({ROOT} + '/model/final')"

        [found] = check_model_paths(project(tmp_path, {"score.py": script}, {"final.pkl": "x", "other.pkl": "x"}))

        assert Weight.NOTE is found.weight
        assert "There is `model/final.pkl`." in found.problem.remedy

    def test_names_a_few_of_many(self, tmp_path: Path) -> None:
        """Where nothing has the name."""
        script = f"x = open({ROOT} + '/m.pkl')"
        model = {f"{letter}.bin": "x" for letter in "abcdefg"}

        [found] = check_model_paths(project(tmp_path, {"score.py": script}, model))

        assert "There is `model/a.bin`, `model/b.bin`" in found.problem.remedy
        assert "`model/e.bin` and 2 more." in found.problem.remedy

    @pytest.mark.parametrize("script", ["def", "x = 1", "\0"])
    def test_other_scripts(self, tmp_path: Path, script: str) -> None:
        """What is no Python is told by another check."""
        assert [] == list(check_model_paths(project(tmp_path, {"score.py": script}, {"m.json": "{}"})))
