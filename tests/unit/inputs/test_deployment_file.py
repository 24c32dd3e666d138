"""`deployment-file`: an Azure ML online deployment YAML in the place of inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset
from functions_model.core.secrets import Secret
from functions_model.core.spec import Code, InlineEnvironment, Model
from functions_model.environment import read_environment
from functions_model.inputs.reading import read_inputs
from support.inputs import GUID, HEAD, WHOLE, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_model.core.spec import DeploymentSpec


def settings(spec: DeploymentSpec) -> dict[str, str]:
    """The app's settings, in clear."""
    assert spec.target is not None
    return {name: value.reveal() for name, value in spec.target.app_settings.items()}


class TestWhole:
    """A deployment as Azure ML's own examples write it."""

    def test_stands_for_inputs(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """Model, code, environment and settings come from the file, whose paths are relative to it."""
        spec = read_inputs(write(WHOLE), workspace=workspace)

        assert spec.models == (Model("model", "1", workspace / "model"),)
        assert spec.code == Code(workspace / "src/score.py", workspace / "src", "src/score.py")
        assert spec.environment_file == workspace / "environment.yml"
        assert settings(spec) == {"LEVEL": "3", "Mode": "fast"}

    def test_says_what_it_leaves_out(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """One note for each key that means nothing here, with what does instead."""
        notes = read_inputs(write(WHOLE), workspace=workspace).notes

        assert [note.split("`")[1] for note in notes] == [
            "name",
            "endpoint_name",
            "instance_type",
            "instance_count",
            "environment.image",
        ]
        assert "`instance_type` in `endpoints/blue/deployment.yml` is not used: `plan-sku` chooses the size" in notes[2]

    def test_inputs_win(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """What is given is taken, each input on its own; settings are merged, in any case."""
        (workspace / "other.yml").write_text("dependencies: [numpy]")
        given = {
            "model-path": "churn:2=model/iris.pkl",
            "entry-script": "src/deep/other.py",
            "environment-file": "other.yml",
            "app-settings": "MODE=slow\nEXTRA=1",
        }

        spec = read_inputs({**write(WHOLE), **given}, workspace=workspace)

        assert spec.models == (Model("churn", "2", workspace / "model/iris.pkl"),)
        assert spec.code == Code(workspace / "src/deep/other.py", workspace / "src", "src/deep/other.py")
        assert spec.environment_file == workspace / "other.yml"
        assert settings(spec) == {"LEVEL": "3", "MODE": "slow", "EXTRA": "1"}

    def test_names_win_by_themselves(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """The model's name and version may come from here and its path from there."""
        code = "code_configuration: {code: ../../src, scoring_script: score.py}"
        text = f"model: {{name: churn, version: 4, path: ../../model}}\n{code}"

        spec = read_inputs({**write(text), "model-version": "9"}, workspace=workspace)

        assert spec.models == (Model("churn", "9", workspace / "model"),)

    def test_a_script_elsewhere(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A script that was given and lies outside of the file's code brings its own folder."""
        (workspace / "mine").mkdir()
        (workspace / "mine/score2.py").write_text("content")

        spec = read_inputs({**write(WHOLE), "entry-script": "mine/score2.py"}, workspace=workspace)

        assert spec.code == Code(workspace / "mine/score2.py", workspace / "mine", "mine/score2.py")

    def test_another_script_in_the_same_folder(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A script that was given may be relative to the file's code, as Azure ML reads it."""
        spec = read_inputs({**write(WHOLE), "entry-script": "deep/other.py"}, workspace=workspace)

        assert spec.code == Code(workspace / "src/deep/other.py", workspace / "src", "deep/other.py")

    def test_a_script_beside_a_file_without_code(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """The model of the file, the script of the inputs."""
        spec = read_inputs({**write("model: ../../model"), "entry-script": "src/score.py"}, workspace=workspace)

        assert spec.code == Code(workspace / "src/score.py", workspace / "src", "src/score.py")

    def test_a_script_outside_of_the_workspace(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """It is refused once, as without a file."""
        found = told({**write(WHOLE), "entry-script": "/etc/score.py"}, workspace)

        assert ["entry-script - `/etc/score.py` lies outside the workspace"] == [
            problem.rpartition(" `")[0] for problem in found
        ]

    def test_a_folder_elsewhere(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """The script is looked for in a source directory that was given."""
        (workspace / "mine").mkdir()
        (workspace / "mine/score.py").write_text("content")

        spec = read_inputs({**write(WHOLE), "source-directory": "mine"}, workspace=workspace)

        assert spec.code == Code(workspace / "mine/score.py", workspace / "mine", "score.py")

    def test_package(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """An image can be made from it alone."""
        values = {**write(WHOLE), "mode": "package", "registry": "localhost:5000"}

        assert read_inputs(values, workspace=workspace).code is not None


class TestModel:
    """`model`."""

    @pytest.mark.parametrize(("text", "version"), [("azureml:churn:3", "3"), ("azureml:churn@latest", None)])
    def test_registered(
        self, text: str, version: str | None, write: Callable[[str], dict[str, str]], workspace: Path
    ) -> None:
        """Looked up in the input `workspace`; it needs no script, as in Azure ML, when it is an MLflow model."""
        spec = read_inputs({**write(f"model: {text}"), "workspace": "ml-one"}, workspace=workspace)

        place = MachineLearningWorkspace(GUID, "rg-churn", "ml-one")
        assert (spec.models, spec.code) == ((RegisteredAsset("churn", version, place),), None)

    def test_path_alone(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A text that is no reference is a path."""
        (workspace / "model/MLmodel").write_text("flavors: {}")

        spec = read_inputs(write("model: ../../model"), workspace=workspace)

        assert spec.models == (Model("model", "1", workspace / "model"),)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("model: ../../none", "model-path 1 `none` does not exist in"),
            ("model:\n  path: ../../../outside.pkl", "model-path 2 `../outside.pkl` lies outside the workspace"),
            ("model:\n  path: /etc/passwd", "model-path 2 `/etc/passwd` lies outside the workspace"),
            ("model:\n  path: ../../model\n  version: v1", "model-version 3 `v1` is not a version"),
            ("model:\n  path: ../../model\n  name: a b", "model-name 3 `a b` is not a model's name"),
            ("model:\n  name: a", "deployment-file 2 `model` has no `path`. Add it, or name a registered one"),
            (
                "model:\n  pth: a\n  path: ../../model",
                "deployment-file 2 there is no key `pth` in `model`. Did you mean `path`?",
            ),
            ("model:\n  path: azureml://datastores/a/paths/b", "deployment-file 2 `path` is `azureml://datastores/a/"),
            ("model:\n  path: [a]", "deployment-file 2 `path` is not text"),
            (
                "model:\n  path: ../../model\n  type: triton_model",
                "deployment-file 3 a Triton model needs Triton's own server",
            ),
            ("model: runs:/1/model", "deployment-file 1 `model` is `runs:/1/model`, which is not in the checkout"),
            ("model: azureml://registries/a/models/b/versions/1", "model-path 1 `azureml://registries/a/models/b/ver"),
            ("model: azureml:churn:1", "workspace - it is required for what `azureml:` names"),
            ("model:", "deployment-file 1 `model` has no value. Give it one, or remove it."),
        ],
    )
    def test_refuses(self, text: str, words: str, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """With the line in the file, and nothing else is complained of."""
        code = "\ncode_configuration: {code: ../../src, scoring_script: score.py}"

        found = told(write(text + code), workspace)

        assert [True] == [words in problem for problem in found]


class TestCode:
    """`code_configuration`."""

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("{code: ../../none, scoring_script: score.py}", "source-directory 2 `none` does not exist"),
            ("{code: ../../src, scoring_script: none.py}", "entry-script 2 `src/none.py` does not exist"),
            ("{code: ../../src}", "deployment-file 2 `code_configuration` has no `scoring_script`"),
            ("{code: azureml:code:1, scoring_script: score.py}", "`code` is `azureml:code:1`, which is not in the"),
            ("score.py", "deployment-file 2 `code_configuration` is not a mapping"),
            ("{code: ../../src, script: a}", "there is no key `script` in `code_configuration`"),
        ],
    )
    def test_refuses(self, code: str, words: str, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """What is wrong with the code, on its line."""
        found = told(write(f"model: ../../model\ncode_configuration: {code}"), workspace)

        assert words in found[0]

    def test_script_alone(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """Without `code`, the script is relative to the file."""
        values = write("model: ../../model\ncode_configuration: {scoring_script: ../../src/score.py}")

        assert (
            Code(workspace / "src/score.py", workspace / "src", "src/score.py")
            == read_inputs(values, workspace=workspace).code
        )

    def test_none(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A model that is no MLflow model needs a script, be there a file or not."""
        found = told(write("model: ../../model"), workspace)

        assert ["entry-script - it is required in mode `deploy`"] == [problem.partition(". ")[0] for problem in found]


class TestEnvironment:
    """`environment`."""

    @pytest.mark.parametrize(
        "text", ["../../environment.yml", "file:../../environment.yml", "{conda_file: ../../environment.yml}"]
    )
    def test_paths(self, text: str, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A file, however it is named."""
        spec = read_inputs(write(f"{HEAD}environment: {text}"), workspace=workspace)

        assert workspace / "environment.yml" == spec.environment_file

    def test_registered(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """An environment of the workspace."""
        values = {**write(f"{HEAD}environment: azureml:env@latest"), "workspace": "ml-one"}

        spec = read_inputs(values, workspace=workspace)

        assert RegisteredAsset("env", None, MachineLearningWorkspace(GUID, "rg-churn", "ml-one")) == (
            spec.environment_file
        )

    @pytest.mark.parametrize(
        "text",
        [
            "environment:\n  conda_file:\n    # pinned\n    dependencies:\n      - python=3.11\n      - numpy=1.26\n",
            "environment: {conda_file: {dependencies: [python=3.11, numpy=1.26]}}",
        ],
    )
    def test_inside_the_file(self, text: str, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """Dependencies that stand in the deployment itself are read from there."""
        spec = read_inputs(write(HEAD + text), workspace=workspace)

        assert isinstance(spec.environment_file, InlineEnvironment)
        request = read_environment(spec.environment_file, root=workspace)
        assert request.python_version == "3.11"
        assert ("numpy==1.26.*", "azureml-inference-server-http") == tuple(one.text for one in request.requirements)
        assert request.source == workspace / "endpoints/blue/deployment.yml"

    def test_lines_of_one_inside_the_file(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A problem names the deployment file and the line there; what it includes is beside that file."""
        conda = "    dependencies:\n      - numpy=1=2=3=4\n      - pip:\n        - -r none.txt\n"
        text = f"environment:\n  conda_file:\n{conda}"
        source = read_inputs(write(HEAD + text), workspace=workspace).environment_file
        assert isinstance(source, InlineEnvironment)

        with pytest.raises(EnvironmentFailed) as failure:
            read_environment(source, root=workspace)

        places = [problem.location for problem in failure.value.problems if problem.location]
        assert [(workspace / "endpoints/blue/deployment.yml", line) for line in (6, 8)] == [
            (place.file, place.line) for place in places
        ]

    def test_one_inside_the_file_that_asks_for_nothing(self, tmp_path: Path) -> None:
        """The place is where the environment begins."""
        source = InlineEnvironment(tmp_path / "d.yml", 7, "name: a\ndependencies: [pip]\n")

        with pytest.raises(EnvironmentFailed) as failure:
            read_environment(source, root=tmp_path)

        assert [
            (problem.what, problem.location.line if problem.location else 0) for problem in failure.value.problems
        ] == [("it asks for nothing", 7)]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("{image: a/b:1}", "deployment-file 3 `environment` names no dependencies (`conda_file`)"),
            ("{build: {path: .}}", "deployment-file 3 it builds its own image (`build`)"),
            (
                "{image: tensorflow/serving, inference_config: {scoring_route: {port: 8501, path: /}}}",
                "deployment-file 3 its image brings a server of its own (`inference_config`), as TensorFlow Serving",
            ),
            ("{conda: a.yml}", "there is no key `conda` in `environment`. Did you mean `conda_file`?"),
            ("{conda_file: [a]}", "`conda_file` is not text"),
            ("{conda_file: none.yml}", "environment-file 3 `endpoints/blue/none.yml` does not exist"),
            ("azureml://registries/azureml/environments/a/versions/1", "environment-file 3 `azureml://registries/a"),
            ("[a]", "deployment-file 3 `environment` is not text"),
        ],
    )
    def test_refuses(self, text: str, words: str, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """What no function app can be made of."""
        found = told(write(f"{HEAD}environment: {text}"), workspace)

        assert words in found[0]

    def test_way_out_of_an_image_with_a_server(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """With a script and the packages of one's own, the deployment file gives the rest."""
        (workspace / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
        (workspace / "packages.txt").write_text("tensorflow\n")
        text = "model: ../../model\nenvironment: {image: tensorflow/serving, inference_config: {}}\n"
        own = {"entry-script": "score.py", "environment-file": "packages.txt"}

        spec = read_inputs({**write(text), **own}, workspace=workspace)

        assert workspace / "packages.txt" == spec.environment_file


class TestVariables:
    """`environment_variables`."""

    def test_own_ones_of_azure_ml(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """They are left out, each with a note of what does the same here."""
        text = "environment_variables:\n  AZUREML_MODEL_DIR: /x\n  WORKER_COUNT: 2\n  A: '1'\n"

        spec = read_inputs(write(HEAD + text), workspace=workspace)

        assert settings(spec) == {"A": "1"}
        assert ["environment_variables.AZUREML_MODEL_DIR", "environment_variables.WORKER_COUNT"] == [
            note.split("`")[1] for note in spec.notes
        ]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                "DOCKER_X: a",
                "app-settings 4 `DOCKER_X` cannot be set: how the app pulls its image is",
            ),
            ("TriggerConnectionString: a", "app-settings 4 `TriggerConnectionString` cannot be set"),
            ("A: [1]", "deployment-file 4 `A` has a list or a mapping as its value"),
            ("A:", "app-settings 4 `A` has no value"),
            ("A-B: hunter2", "app-settings 4 `A-B` is not a setting's name"),
        ],
    )
    def test_refuses(self, text: str, words: str, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """As among the app's settings, with the file's line, and never with the value."""
        found = told(write(f"{HEAD}environment_variables:\n  {text}"), workspace)

        assert [True] == [words in problem for problem in found]
        assert "hunter2" not in str(found)

    def test_are_a_mapping(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """Lists are not what Azure ML takes."""
        found = told(write(f"{HEAD}environment_variables: [A=1]"), workspace)

        assert ["deployment-file 3 `environment_variables` is not a mapping of names to values"] == [
            problem.partition(".")[0] for problem in found
        ]

    def test_are_secrets(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A spec may be logged."""
        spec = read_inputs(write(f"{HEAD}environment_variables: {{A: hunter2}}"), workspace=workspace)

        assert spec.target is not None
        assert spec.target.app_settings == {"A": Secret("hunter2")}
        assert "hunter2" not in repr(spec)


class TestSample:
    """A sample request beside the file."""

    @pytest.mark.parametrize(
        ("names", "taken"),
        [
            (["sample-request.json"], "sample-request.json"),
            (["sample_request.json"], "sample_request.json"),
            (["sample-request.jpg"], "sample-request.jpg"),
            (["sample-request.csv", "sample_request.json"], "sample_request.json"),
        ],
    )
    def test_is_taken(
        self, names: list[str], taken: str, write: Callable[[str], dict[str, str]], workspace: Path
    ) -> None:
        """As Azure ML's examples have it; a note says so."""
        values = write(WHOLE)
        for name in names:
            (workspace / "endpoints/blue" / name).write_text("{}")

        spec = read_inputs(values, workspace=workspace)

        assert spec.sample_request == workspace / "endpoints/blue" / taken
        assert f"The last check sends `endpoints/blue/{taken}`" in spec.notes[-1]

    def test_input_wins(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """One that is given is sent."""
        values = {**write(WHOLE), "sample-request": "sample.json"}
        (workspace / "endpoints/blue/sample-request.json").write_text("{}")

        assert workspace / "sample.json" == read_inputs(values, workspace=workspace).sample_request

    def test_only_where_it_may_be_sent(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """Nobody who only packages has a use for one."""
        values = {**write(WHOLE), "mode": "package"}
        (workspace / "endpoints/blue/sample-request.json").write_text("{}")

        spec = read_inputs(values, workspace=workspace)

        assert spec.sample_request is None
        assert not any("sample-request" in note for note in spec.notes)
