"""`functions-model init`: what it asks, what it refuses, what it leaves alone, and the commands that it prints."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from functions_model.ci.terminal import folded
from functions_model.cli import main
from functions_model.cli.init import asker, pasteable
from functions_model.core.failures import InputsInvalid
from functions_model.scaffold.asking import NONE, Question
from functions_model.scaffold.login import Place, for_azure_pipelines, for_github
from functions_model.scaffold.looking import Remote, branch_of, read_remote, remote_of
from functions_model.scaffold.naming import action_from
from functions_model.scaffold.whole import Whole, make, write
from support.documented_roles import Needed, commands_in
from support.repositories import CONDA, FOREST, GITHUB, MLFLOW, PLAIN, SCORE, SHAPES, Shape, write_shape

if TYPE_CHECKING:
    from collections.abc import Callable

USUAL = SHAPES["all by its usual name"]
OURS = "Repository, https://github.com/contoso/functions-model-action"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def usual(tmp_path: Path) -> Path:
    """A repository with all that it needs but for inputs file and workflow."""
    return write_shape(USUAL, tmp_path)


def _answering(**answers: str) -> Callable[[Question, str], str]:
    """Somebody who types these answers, and else Enter; an answer that was refused is not typed again."""
    left = {name.replace("_", "-"): value for name, value in answers.items()}
    return lambda question, wrong: left.pop(question.name, "")


def _made(folder: Path, **answers: str) -> Whole:
    return make(folder, {}, _answering(**answers), force=False, environ={})


class TestAsking:
    """Somebody at a terminal."""

    def test_enter_takes_each_guess(self, usual: Path) -> None:
        """As `--yes` does."""
        asked: list[str] = []

        def enter(question: Question, _: str) -> str:
            asked.append(question.name)
            return ""

        whole = make(usual, {}, enter, force=False, environ={})

        assert USUAL.inputs.items() <= whole.inputs.items()
        assert [*USUAL.inputs, "trigger", "app-name", "resource-group", "location", "registry", "ci", "action"] == asked

    def test_an_answer_comes_before_the_guess(self, usual: Path) -> None:
        """Also one that follows from another: a trigger has inputs of its own; the registry's name is the app's."""
        whole = _made(usual, app_name="wine-7", trigger="blob", output_path=NONE, sample_request=NONE)

        assert ("wine-7", "wine7acr") == (whole.inputs["app-name"], whole.inputs["registry"])
        assert ("input/{name}.json", None) == (whole.inputs["input-path"], whole.inputs.get("output-path"))
        assert "sample-request" not in whole.inputs
        assert "proves that `init()` returns, and not that it scores" in whole.notes[0]

    @pytest.mark.parametrize(
        ("name", "typed", "said"),
        [
            ("app-name", "my_app", "app-name: `my_app` is not a function app's name."),
            ("entry-script", "scor.py", "entry-script: `scor.py` does not exist in"),
            ("trigger", "timer", "trigger: `timer` is none of them. Use one of http, blob, service-bus-queue."),
        ],
    )
    def test_what_cannot_be_taken_is_asked_again(self, usual: Path, name: str, typed: str, said: str) -> None:
        """With what is wrong with it."""
        wrongs: dict[str, list[str]] = {}

        def answer(question: Question, wrong: str) -> str:
            wrongs.setdefault(question.name, []).append(wrong)
            return typed if question.name == name and len(wrongs[name]) == 1 else ""

        make(usual, {}, answer, force=False, environ={})

        assert ["", True] == [wrongs[name][0], wrongs[name][1].startswith(said)], wrongs[name]

    def test_the_end_of_the_input_ends_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        """It is no answer for ever. What was wrong, what else it may be and the guess are shown with the question."""
        put = asker(io.StringIO("b\n"))
        question = Question("ci", "From where", "a", ("a", "b"), needed=False)

        assert "b\n" == put(question, "ci: `c` is none of them.")
        assert "  ci: `c` is none of them.\nFrom where (a, b) [a, - for none]: " == capsys.readouterr().out
        with pytest.raises(InputsInvalid, match="`--yes` takes every guess"):
            put(question, "")


class TestNobodyToAsk:
    """Without a terminal, or with `--yes`."""

    def test_all_that_cannot_be_guessed_is_told_at_once(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing is written then."""
        shape = Shape(
            {f"{name}/{script}": PLAIN for name in "ab" for script in ("score.py",)} | {"a.onnx": b"", "b/c.onnx": b""},
            {},
        )
        write_shape(shape, tmp_path)

        assert 2 == main(["init", str(tmp_path), "--app-name", "my_app", "--sample-request", "no.json"])
        said = capsys.readouterr().out
        for one in (
            "model-path: it may be one of several: `a.onnx`, `b/c.onnx`",
            "entry-script: it may be one of several: `a/score.py`, `b/score.py`",
            "sample-request: `no.json` does not exist",
            "app-name: `my_app` is not",
        ):
            assert one in said
        assert not (tmp_path / "inputs.yml").exists()

    @pytest.mark.parametrize(
        ("files", "said"),
        [
            ({"README.md": ""}, "model-path: it cannot be guessed from the folder. Train the model first"),
            ({"model/weights.h5": b""}, "entry-script: it cannot be guessed from the folder. Write one:"),
            ({"wine.pkl": b"\x80\x04cmine\nModel\n)\x81."}, "entry-script: it cannot be guessed from the folder."),
        ],
    )
    def test_an_empty_folder_and_a_model_that_nobody_knows(
        self, files: dict[str, str | bytes], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What to do is said."""
        write_shape(Shape(files, {}), tmp_path)

        assert 2 == main(["init", str(tmp_path), "--yes"])
        assert said in capsys.readouterr().out

    def test_there_is_no_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A name with a mistake in it."""
        assert 2 == main(["init", str(tmp_path / "nothing")])
        assert f"there is no folder `{tmp_path}/nothing`. Check the path." in capsys.readouterr().out


class TestFilesThatAreThere:
    """None is lost."""

    def test_a_second_run_keeps_them_and_says_so(self, usual: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The names in the inputs file are those of the workflow and of the commands."""
        main(["init", str(usual), "--yes", "--app-name", "wine-7"])
        before = (usual / "inputs.yml").read_text()
        capsys.readouterr()
        (usual / ".github/workflows/deploy.yml").unlink()

        assert 0 == main(["init", str(usual), "--yes"])
        said = capsys.readouterr().out
        assert f"kept  {usual}/inputs.yml (`--force` replaces it)" in said
        assert before == (usual / "inputs.yml").read_text()
        assert "deploy-wine-7" in (usual / ".github/workflows/deploy.yml").read_text()
        assert "--display-name deploy-wine-7" in said

    def test_an_option_against_the_inputs_file_is_refused(
        self, usual: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With `--force` it is written anew, and what else was there stays."""
        (usual / "inputs.yml").write_text("app-name: wine-7\nplan-sku: B1\n")

        assert 2 == main(["init", str(usual), "--yes", "--app-name", "rent"])
        assert "`inputs.yml` exists and says `wine-7`" in capsys.readouterr().out
        assert 0 == main(["init", str(usual), "--yes", "--app-name", "rent", "--force"])
        written = yaml.safe_load((usual / "inputs.yml").read_text())
        assert ("rent", "B1") == (written["app-name"], written["plan-sku"])

    def test_all_are_written_or_none(self, tmp_path: Path) -> None:
        """Where a file's place is taken by a folder, and where a deployment would refuse the inputs."""
        folder = write_shape(SHAPES["a model and nothing else"], tmp_path)
        whole = make(folder, {}, None, force=False, environ={})
        before = sorted(tmp_path.rglob("*"))
        (folder / ".github").touch()
        with pytest.raises(InputsInvalid, match="cannot be written"):
            write(whole)
        (folder / ".github").unlink()
        (folder / "model/model.joblib").rename(folder / "gone")
        (folder / "model").rmdir()
        with pytest.raises(InputsInvalid, match="model"):
            write(whole)

        (folder / "model").mkdir()
        (folder / "gone").rename(folder / "model/model.joblib")
        assert before == sorted(tmp_path.rglob("*"))

    def test_odd_files_are_passed_over(self, usual: Path) -> None:
        """Links that lead nowhere or around, pipes, folders with names of files, names that are no text."""
        (usual / "gone.pkl").symlink_to("nowhere")
        (usual / "helper.py").symlink_to("nowhere")
        (usual / "around").symlink_to(".")
        os.mkfifo(usual / "waits.onnx")
        os.mkfifo(usual / "waits.yml")
        for name in ("conda.yaml", "other.py", "other.joblib", ".gitattributes", ".github/workflows/deploy.yml"):
            (usual / name).mkdir(parents=True)
        Path(os.fsdecode(os.fsencode(usual) + b"/\xff.py")).write_text(PLAIN)
        (usual / "deep.py").write_text("def init(): ...\ndef run(data): return " + "(" * 500 + ")" * 500 + "\n")
        (usual / "deep.yml").write_text("model: " + "[" * 5000 + "\n")

        assert 0 == main(["init", str(usual), "--yes"])
        assert USUAL.inputs.items() <= yaml.safe_load((usual / "inputs.yml").read_text()).items()
        assert (usual / ".github/workflows/deploy-model.yml").is_file()

    def test_nothing_of_the_users_is_run(self, tmp_path: Path) -> None:
        """Neither the script, nor the model, nor a package of the environment."""
        mark = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
        files: dict[str, str | bytes] = {
            "score.py": f"import evil\n{mark}{PLAIN}",
            "model/m.pkl": b"cbuiltins\nexec\n(V" + mark.encode() + b"tR.",
            ".venv/lib/python3.13/site-packages/evil/__init__.py": mark,
            ".venv/lib/python3.13/site-packages/evil-1.0.dist-info/METADATA": "Name: evil\nVersion: 1.0\n",
        }
        write_shape(Shape(files, {}), tmp_path)

        assert 0 == main(["init", str(tmp_path), "--yes"])
        assert "evil==1.0\n" in (tmp_path / "requirements.txt").read_text()
        assert not (tmp_path / "ran").exists()


STUBS = """\
set -eu
note() { printf '%s\\0' "$@" >&3; printf '\\n' >&3; }
az() {
  note az "$@"
  case "$*" in
    *appId*) echo the-app;;
    'group show'*) echo /groups/mine;;
    'acr show --name near'*) echo /groups/mine/near;;
    'acr show --name far '*) echo /groups/other/far;;
  esac
}
gh() { note gh "$@"; case "$1" in api) echo repo:contoso@1/Iris@2;; esac; }
"""


class TestLogin:
    """The commands, as a shell runs them."""

    def _run(self, lines: list[str], tmp_path: Path) -> list[list[str]]:
        """Each call of `az` and `gh`, with its arguments."""
        program = f"exec 3>{tmp_path}/calls\n{STUBS}" + "\n".join(lines)
        subprocess.run(["bash", "-c", program], check=True, capture_output=True, text=True)
        return [line.split("\0")[:-1] for line in (tmp_path / "calls").read_text().splitlines()]

    def _place(self, **other: object) -> Place:
        usual = {"app": "wine-7", "group": "my group", "location": "westeurope", "registry": "near"}
        return Place(**{**usual, "remote": Remote("github.com", "contoso/Iris"), "branch": "main", **other})  # type: ignore[arg-type]

    @pytest.mark.parametrize("branch", ["main", "it's-$(odd)`b`", 'a"b'])
    @pytest.mark.parametrize("columns", [60, 300])
    def test_each_can_be_run(self, tmp_path: Path, branch: str, columns: int) -> None:
        """The credential names the subject that GitHub sends; that of the branch is there, too, as a comment."""
        lines = for_github(self._place(branch=branch))
        pasted = folded("\n".join(pasteable(lines, columns)), columns)
        uncommented = [line.removeprefix("#   ") for line in lines if not line.startswith("# ") or "trusted=" in line]
        subjects = []
        for text in (pasted.splitlines(), uncommented):
            calls = self._run(text, tmp_path)
            [made] = [json.loads(call[-1]) for call in calls if "federated-credential" in call]
            subjects.append(made["subject"])
            assert ["api://AzureADTokenExchange"] == made["audiences"]

        assert [
            "repo:contoso@1/Iris@2:environment:production",
            f"repo:contoso@1/Iris@2:ref:refs/heads/{branch}",
        ] == subjects
        assert {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"} == {
            call[3] for call in calls if call[:3] == ["gh", "variable", "set"]
        }

    @pytest.mark.parametrize("of", [for_github, for_azure_pipelines])
    @pytest.mark.parametrize(
        ("registry", "is_elsewhere"),
        [("near", False), ("near.azurecr.io", False), ("other/far", True), ("far", True), ("/groups/other/far", True)],
    )
    def test_the_roles_are_the_documented_ones(
        self, of: Callable[[Place], list[str]], registry: str, is_elsewhere: bool, tmp_path: Path
    ) -> None:
        """Neither more nor less, on the group and on the registry; one more where that is elsewhere."""
        first, elsewhere = commands_in("docs/how-to/oidc-login.md", "3. Assign the roles")
        lines = [line.replace("<client id>", "the-app") for line in of(self._place(registry=registry))]
        calls = [call for call in self._run(lines, tmp_path) if call[1:4] == ["role", "assignment", "create"]]
        places = {"/groups/mine": "the group"}
        given = {Needed(call[7], places.get(call[9], "the registry")) for call in calls}

        assert {"the-app"} == {call[5] for call in calls}
        assert {*first, *(elsewhere if is_elsewhere else ())} == given

    def test_no_remote_leaves_a_place(self) -> None:
        """For the name of the repository."""
        lines = for_github(self._place(remote=None))

        assert any("'<owner>/<repository>'" in line for line in lines)


class TestGit:
    """What git's own files say."""

    @pytest.mark.parametrize(
        ("address", "host", "path"),
        [
            ("git@github.com:contoso/iris.git", "github.com", "contoso/iris"),
            ("https://user:secret@GitHub.com/contoso/iris", "github.com", "contoso/iris"),
            ("ssh://git@github.com:22/contoso/iris.git/", "github.com", "contoso/iris"),
            ("https://contoso@dev.azure.com/contoso/ml/_git/iris", "dev.azure.com", "contoso/ml/_git/iris"),
        ],
    )
    def test_a_remote(self, address: str, host: str, path: str) -> None:
        """Neither a user nor a password is taken with it."""
        assert Remote(host, path) == read_remote(address)

    @pytest.mark.parametrize("address", ["../iris", "/srv/iris.git", "C:\\iris", ""])
    def test_a_folder_is_no_remote(self, address: str) -> None:
        """Then the repository is to be written by hand."""
        found = read_remote(address)

        assert found is None or "." not in found.host

    def test_a_work_tree_elsewhere(self, tmp_path: Path) -> None:
        """A file leads to where git keeps its own."""
        place = tmp_path / "main" / ".git" / "worktrees" / "other"
        place.mkdir(parents=True)
        (tmp_path / "main" / ".git" / "config").write_text(GITHUB)
        (place / "commondir").write_text("../..\n")
        (place / "HEAD").write_text("ref: refs/heads/trunk\n")
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / ".git").write_text(f"gitdir: {place}\n")

        assert Remote("github.com", "contoso/Iris") == remote_of(tmp_path / "other")
        assert "trunk" == branch_of(tmp_path / "other")

    @pytest.mark.parametrize(
        ("told", "link", "named"),
        [
            (
                '{"url": "https://github.com/fabrikam/functions-model-action"}',
                OURS,
                "fabrikam/functions-model-action@v1",
            ),
            ('{"url": "https://example.com/x.whl"}', OURS, "contoso/functions-model-action@v1"),
            ("[]", OURS, "contoso/functions-model-action@v1"),
            (None, OURS, "contoso/functions-model-action@v1"),
            (None, OURS.replace("Repository", "Changelog"), "OWNER/functions-model-action@v1"),
        ],
    )
    def test_the_action_is_where_the_program_came_from(self, told: str | None, link: str, named: str) -> None:
        """As pip and uv keep it; else as the package says, when it comes from an index."""
        assert named == action_from(told, [link])


@pytest.mark.parametrize(
    ("files", "model"),
    [
        ({"score.py": SCORE.format(path='"a", "m.pkl"'), "a/m.pkl": FOREST, "b/m.pkl": FOREST}, "a"),
        ({"score.py": SCORE.format(path='"m.pkl"'), "models/m.pkl": FOREST, "data/n.pkl": FOREST}, "models/m.pkl"),
        ({f"x/{name}": one for name, one in MLFLOW.items()} | {"score.py": SCORE.format(path='"x", "model.pkl"')}, "x"),
        (
            {"train.py": "", "model/m.pkl": FOREST, "models/n.pkl": FOREST, "score.py": PLAIN, "conda.yml": CONDA},
            "model",
        ),
    ],
)
def test_the_model_is_the_one_that_the_script_opens(files: dict[str, str | bytes], model: str, tmp_path: Path) -> None:
    """Where several may be meant; else a folder `model` is."""
    folder = write_shape(Shape(files, {}), tmp_path)

    assert model == make(folder, {}, None, force=False, environ={}).inputs["model-path"]
