"""`model-path`: files, folders, several, none, registered ones; and what needs no entry script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.ci.github import ADVICE
from functions_model.ci.host import Facts
from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset
from functions_model.core.spec import Model
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, GUID, PACKAGE, problems

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "0a1b2c3d-0000-4000-8000-00000000000b"
WORKSPACE_ID = (
    f"/subscriptions/{OTHER}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/ml-one"
)
HERE = MachineLearningWorkspace(GUID, "rg-churn", "ml-one")


@pytest.fixture
def mlflow_model(workspace: Path) -> Path:
    """A folder that MLflow would load."""
    (workspace / "model" / "MLmodel").write_text("flavors: {}\n")
    return workspace / "model"


class TestSeveral:
    """Lines of `model-path`."""

    def test_paths_and_names(self, workspace: Path) -> None:
        """Each line is a path, with a name and a version where they are wanted."""
        lines = "model/iris.pkl\n\n  encoder=model/iris.pkl  \nencoder:7 = model\n"

        models = read_inputs({**PACKAGE, "model-path": lines}, workspace=workspace).models

        assert models == (
            Model("iris", "1", workspace / "model/iris.pkl"),
            Model("encoder", "1", workspace / "model/iris.pkl"),
            Model("encoder", "7", workspace / "model"),
        )

    def test_none(self, workspace: Path) -> None:
        """A script may bring or fetch what it needs."""
        assert () == read_inputs({**PACKAGE, "model-path": "[]"}, workspace=workspace).models

    def test_one_with_a_name(self, workspace: Path) -> None:
        """A name in the line does what `model-name` does."""
        spec = read_inputs({**PACKAGE, "model-path": "churn:3=model"}, workspace=workspace)

        assert spec.models == (Model("churn", "3", workspace / "model"),)

    def test_paths_of_the_runner(self, workspace: Path) -> None:
        """GitHub translates an input that is a path alone; a path in a line is translated here."""
        values = {**PACKAGE, "model-path": "a=/home/runner/work/r/r/model\n/home/runner/work/r/r/src"}

        spec = read_inputs(values, workspace=workspace, facts=Facts(workspace, ADVICE, ("/home/runner/work/r/r",)))

        assert [workspace / "model", workspace / "src"] == [model.path for model in spec.local_models]

    @pytest.mark.parametrize("path", ["lr=0.1.pkl", "run=1/best.pkl"])
    def test_a_path_with_an_equals_sign(self, path: str, workspace: Path) -> None:
        """What exists is a path, whatever is in its name."""
        file = workspace / path
        file.parent.mkdir(exist_ok=True)
        file.write_text("content")

        assert file == read_inputs({**PACKAGE, "model-path": path}, workspace=workspace).local_models[0].path

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ("a=model\nb=none", "`none` does not exist in"),
            ("a=model\na=src", "2 models are called `a` and have version `1`. Tell them apart with"),
            ("model\nmodel", "2 models are called `model`"),
            ("a=", "`a=` has no path"),
            ("=model", "`` is not a model's name"),
            (".a=model", "`.a` is not a model's name"),
            ("a:0=model", "`0` is not a version"),
            ("a:=model", "`` is not a version"),
            ("a=../outside.pkl", "lies outside the workspace"),
            ("runs=1/none.pkl", "does not exist"),
            ("a=azureml:churn:1", "Write `azureml:churn:1` alone: it keeps its name."),
        ],
    )
    def test_refuses(self, lines: str, words: str, workspace: Path) -> None:
        """Each line on its own, and two that are the same."""
        found = problems({**PACKAGE, "model-path": lines}, workspace)

        assert ["model-path"] == list(found)
        assert words in found["model-path"]

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ("model\nsrc", "it cannot be combined with several models. Remove it, and write `name=path`"),
            ("churn=model", "`model-path` names the model itself"),
            ("[]", "`model-path` names no model. Remove it."),
            ("azureml:churn:1", "it cannot be combined with a registered model, which has its own. Remove it."),
        ],
    )
    def test_name_and_version_are_for_one_path_alone(self, lines: str, words: str, workspace: Path) -> None:
        """Nobody could say which model they belong to."""
        values = {**DEPLOY, "workspace": "ml-one", "model-path": lines, "model-name": "a", "model-version": "2"}

        found = problems(values, workspace)

        assert {"model-name", "model-version"} == set(found)
        assert all(words in text for text in found.values())


class TestRegistered:
    """`azureml:` references."""

    @pytest.mark.parametrize(
        ("text", "version"), [("azureml:churn:3", "3"), ("azureml:churn@latest", None), ("azureml:churn:v1.2", "v1.2")]
    )
    def test_short(self, text: str, version: str | None, workspace: Path) -> None:
        """In the workspace that the input names, in the deployment's subscription and group."""
        spec = read_inputs({**DEPLOY, "model-path": text, "workspace": "ml-one"}, workspace=workspace)

        assert spec.models == (RegisteredAsset("churn", version, HERE),)
        assert text == str(spec.models[0])

    def test_beside_files(self, workspace: Path) -> None:
        """Registered models and files mix."""
        values = {**DEPLOY, "model-path": "azureml:churn:3\nmodel/iris.pkl", "workspace": "ml-one"}

        models = read_inputs(values, workspace=workspace).models

        assert models == (RegisteredAsset("churn", "3", HERE), Model("iris", "1", workspace / "model/iris.pkl"))

    def test_group_of_its_own(self, workspace: Path) -> None:
        """A workspace is seldom in the app's resource group."""
        values = {"model-path": "azureml:churn:3", "workspace": "ml-one", "workspace-resource-group": "rg-ml"}

        spec = read_inputs({**DEPLOY, **values}, workspace=workspace)

        assert spec.models == (RegisteredAsset("churn", "3", MachineLearningWorkspace(GUID, "rg-ml", "ml-one")),)

    @pytest.mark.parametrize("form", [WORKSPACE_ID, WORKSPACE_ID.lower(), WORKSPACE_ID + "/"])
    def test_whole_id(self, form: str, workspace: Path) -> None:
        """An ARM id says subscription and group as well, so mode `package` needs no more than a login."""
        values = {**PACKAGE, "model-path": "azureml:churn:3", "tenant-id": GUID, "client-id": GUID, "workspace": form}

        spec = read_inputs(values, workspace=workspace)

        assert spec.models == (RegisteredAsset("churn", "3", MachineLearningWorkspace(OTHER, "rg-ml", "ml-one")),)
        assert spec.login is not None

    @pytest.mark.parametrize("start", [f"azureml:{WORKSPACE_ID}", f"azureml://{WORKSPACE_ID[1:]}"])
    def test_address_of_a_model(self, start: str, workspace: Path) -> None:
        """The long form that Azure ML shows names the workspace itself."""
        spec = read_inputs({**DEPLOY, "model-path": f"{start}/models/churn/versions/3"}, workspace=workspace)

        assert spec.models == (RegisteredAsset("churn", "3", MachineLearningWorkspace(OTHER, "rg-ml", "ml-one")),)

    def test_address_in_the_workspace_that_is_given(self, workspace: Path) -> None:
        """Both may be there when they agree, in any case."""
        values = {
            "model-path": f"azureml:{WORKSPACE_ID}/models/churn/versions/3",
            "workspace": WORKSPACE_ID.replace("rg-ml", "RG-ML"),
        }

        assert 1 == len(read_inputs({**DEPLOY, **values}, workspace=workspace).models)

    def test_environment(self, workspace: Path) -> None:
        """An environment is named in the same way."""
        values = {**DEPLOY, "environment-file": "azureml:churn-env@latest", "workspace": "ml-one"}

        assert RegisteredAsset("churn-env", None, HERE) == read_inputs(values, workspace=workspace).environment_file

    def test_environment_of_a_registry(self, workspace: Path) -> None:
        """Azure ML's own are images, which list no packages: registering one in a workspace would not help."""
        text = "azureml://registries/azureml/environments/sklearn-1.5/versions/12"
        found = problems({**DEPLOY, "environment-file": text, "workspace": "ml-one"}, workspace)

        assert "Give its packages as a conda file" in found["environment-file"]
        assert "Register it" not in found["environment-file"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("azureml:churn", "`azureml:churn` has no version. Write `azureml:churn:1` for a version, or"),
            ("azureml:churn@stable", "has a label other than `@latest`"),
            ("azureml://registries/azureml/models/churn/versions/1", "is in a registry"),
            ("azureml://datastores/blob/paths/model", "is not the address of one of a workspace's models"),
            (f"azureml:{WORKSPACE_ID}/environments/churn/versions/3", "is one of a workspace's environments"),
            ("azureml:", "does not name one of a workspace's models"),
            ("AzureML:churn:1", "does not name one of a workspace's models"),
            ("azureml:a b:1", "does not name one of a workspace's models"),
            (f"azureml:{WORKSPACE_ID}/models/churn/versions/3", "is in the workspace `ml-one`, and `workspace` names"),
        ],
    )
    def test_refuses(self, text: str, words: str, workspace: Path) -> None:
        """What cannot be read from the workspace that is named."""
        found = problems({**DEPLOY, "model-path": text, "workspace": "ml-one"}, workspace)

        assert ["model-path"] == list(found)
        assert words in found["model-path"]

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("workspace", "", "it is required for what `azureml:` names"),
            ("workspace", "a", "3 to 33"),
            ("workspace", "my ws", "is not an Azure ML workspace's name"),
            ("workspace", f"/subscriptions/{GUID}", "is not the ARM id of an Azure ML workspace"),
            ("workspace", WORKSPACE_ID.replace(OTHER, "mine"), "`mine` is not an id such as"),
            ("workspace-resource-group", "rg.", "is not a resource group's name"),
        ],
    )
    def test_refuses_the_workspace(self, name: str, text: str, words: str, workspace: Path) -> None:
        """Once, however many models and environments are in it."""
        given = {
            "model-path": "azureml:a:1\nazureml:b:1",
            "environment-file": "azureml:env:1",
            "workspace": "ml-one",
            name: text,
        }

        found = problems({**DEPLOY, **given}, workspace)

        assert [name] == list(found)
        assert words in found[name]

    def test_group_beside_a_whole_id(self, workspace: Path) -> None:
        """One of the two would be ignored."""
        given = {"model-path": "azureml:a:1", "workspace": WORKSPACE_ID, "workspace-resource-group": "rg"}

        assert ["workspace-resource-group"] == list(problems({**DEPLOY, **given}, workspace))

    def test_package_needs_to_know_where(self, workspace: Path) -> None:
        """Subscription, group and login are needed to read the workspace, and for nothing else."""
        found = problems({**PACKAGE, "model-path": "azureml:churn:3", "workspace": "ml-one"}, workspace)

        assert {"subscription-id", "workspace-resource-group", "tenant-id", "client-id"} == set(found)
        assert "it is required to find the Azure ML workspace" in found["subscription-id"]

    def test_package_takes_the_resource_group_as_well(self, workspace: Path) -> None:
        """One workflow may switch the mode and leave all else."""
        values = {**DEPLOY, "mode": "package", "model-path": "azureml:churn:3", "workspace": "ml-one"}

        assert read_inputs(values, workspace=workspace).models == (RegisteredAsset("churn", "3", HERE),)


class TestWithoutScript:
    """MLflow models."""

    def test_a_folder(self, mlflow_model: Path, workspace: Path) -> None:
        """A folder with a file `MLmodel`, alone, is scored without code."""
        spec = read_inputs({**PACKAGE, "model-path": "model", "entry-script": ""}, workspace=workspace)

        assert spec.models == (Model("model", "1", mlflow_model),)
        assert (spec.code, spec.host_json) == (None, None)

    def test_a_registered_model(self, workspace: Path) -> None:
        """It may turn out to be one when it has been downloaded."""
        values = {**DEPLOY, "model-path": "azureml:churn:3", "workspace": "ml-one", "entry-script": ""}

        assert read_inputs(values, workspace=workspace).code is None

    def test_a_script_is_taken_all_the_same(self, mlflow_model: Path, workspace: Path) -> None:
        """Whoever brings code has a reason."""
        spec = read_inputs({**PACKAGE, "model-path": "model"}, workspace=workspace)

        assert [mlflow_model] == [model.path for model in spec.models if isinstance(model, Model)]
        assert spec.code is not None

    @pytest.mark.parametrize("lines", ["model/iris.pkl", "src", "model\nsrc", "[]"])
    def test_others_need_one(self, lines: str, mlflow_model: Path, workspace: Path) -> None:
        """A file, a folder without `MLmodel`, several models, none."""
        found = problems({**PACKAGE, "model-path": lines, "entry-script": ""}, workspace)

        assert mlflow_model.is_dir()
        assert ["entry-script"] == list(found)
        assert "Set it to the Python script with `init()` and `run()`." in found["entry-script"]

    def test_source_directory_alone(self, mlflow_model: Path, workspace: Path) -> None:
        """It would be ignored."""
        values = {**PACKAGE, "model-path": str(mlflow_model), "entry-script": "", "source-directory": "src"}

        found = problems(values, workspace)

        assert ["source-directory"] == list(found)
        assert "it is set without `entry-script`" in found["source-directory"]

    def test_a_model_that_is_not_there(self, workspace: Path) -> None:
        """Whether it needs a script cannot be said, so only the model is complained of."""
        assert ["model-path"] == list(problems({**PACKAGE, "model-path": "none", "entry-script": ""}, workspace))


class TestHostJson:
    """`host-json` and `concurrency`."""

    def test_beside_the_script(self, workspace: Path) -> None:
        """A `host.json` in the source directory is meant to be used."""
        (workspace / "src/host.json").write_text("{}")

        assert workspace / "src/host.json" == read_inputs(PACKAGE, workspace=workspace).host_json

    def test_given(self, workspace: Path) -> None:
        """A path of its own wins."""
        (workspace / "src/host.json").write_text("{}")
        (workspace / "own.json").write_text("{}")

        spec = read_inputs({**PACKAGE, "host-json": "own.json", "concurrency": "4"}, workspace=workspace)

        assert (spec.host_json, spec.concurrency) == (workspace / "own.json", 4)

    def test_none(self, workspace: Path) -> None:
        """Ours alone is used, and scores one at a time."""
        spec = read_inputs(PACKAGE, workspace=workspace)

        assert (spec.host_json, spec.concurrency) == (None, 1)

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("host-json", "none.json", "does not exist"),
            ("host-json", "src", "is not a file"),
            ("concurrency", "0", "1 to 1000"),
            ("concurrency", "1001", "1 to 1000"),
            ("concurrency", "two", "`two` is not a number of threads"),
        ],
    )
    def test_refuses(self, name: str, text: str, words: str, workspace: Path) -> None:
        """With the rule."""
        found = problems({**PACKAGE, name: text}, workspace)

        assert [name] == list(found)
        assert words in found[name]

    def test_link_that_leaves(self, workspace: Path) -> None:
        """Nothing outside of the workspace is read, found or given."""
        (workspace / "src/host.json").symlink_to(workspace.parent / "outside.pkl")

        assert "outside the workspace" in problems(PACKAGE, workspace)["host-json"]
