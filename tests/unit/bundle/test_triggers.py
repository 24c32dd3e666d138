"""What a plan holds for each trigger, for a registered model, and for an MLflow model without an entry script."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.bundle import BundlePlan, image_labels, plan_layers, runtime_layer
from functions_model.core.failures import BundleFailed
from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset
from functions_model.core.secrets import Secret
from functions_model.core.spec import BlobTrigger, Model, ServiceBusQueueTrigger
from functions_model.image.files import Link, TreeFile
from support.function_app import spec_of, write_files
from support.wanted import TARGET

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.spec import DeploymentSpec, Trigger

BLOB = BlobTrigger("input/{name}.json", "output/{name}_out.json")
QUEUE = ServiceBusQueueTrigger("in", "out")
WORKSPACE = MachineLearningWorkspace("sub", "group", "ml")
LOCK = "six==1.17.0\n"
ORIGIN = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.MachineLearningServices/workspaces/ml/models/iris"


def spec(folder: Path, **more: Any) -> DeploymentSpec:
    """A specification with an entry script."""
    write_files(folder, {"workspace/src/score.py": ""})
    return spec_of(folder / "workspace", **more)


def planned(wanted: DeploymentSpec) -> BundlePlan:
    """Its plan."""
    above = plan_layers(wanted)
    return replace(above, layers=(runtime_layer(wanted, LOCK), *above.layers))


def contents(plan: BundlePlan) -> dict[str, bytes]:
    """Every file of every layer below `/home/site/wwwroot` or `/var/azureml-app`, read."""
    return {
        file.path.removeprefix("home/site/wwwroot/").removeprefix("var/azureml-app/"): bytes_of(file)
        for layer in plan.layers
        for file in layer.tree.files
    }


def bytes_of(file: TreeFile) -> bytes:
    assert not isinstance(file.content, Link)
    return file.content if isinstance(file.content, bytes) else file.content.read_bytes()


@pytest.mark.parametrize("prefix", ["", "models/v2"])
def test_a_route_prefix_is_told_to_host_and_server(prefix: str, tmp_path: Path) -> None:
    """In host.json, and in the variable that the inference server writes before the paths of its swagger."""
    plan = planned(replace(spec(tmp_path), route_prefix=prefix))

    assert {"http": {"routePrefix": prefix}} == json.loads(contents(plan)["host.json"])["extensions"]
    assert prefix == plan.env["SERVICE_PATH_PREFIX"]


class TestFunctions:
    """function.json."""

    def test_blob_is_read_and_the_answer_written(self, tmp_path: Path) -> None:
        """Both as bytes, through one connection."""
        found = contents(planned(spec(tmp_path, trigger=BLOB)))

        common = {"connection": "TriggerConnectionString", "dataType": "binary"}
        assert {
            "scriptFile": "../functions_model_payload/score_blob.py",
            "bindings": [
                {"type": "blobTrigger", "direction": "in", "name": "blob", "path": "input/{name}.json", **common},
                {"type": "blob", "direction": "out", "name": "$return", "path": "output/{name}_out.json", **common},
            ],
        } == json.loads(found["score/function.json"])

    def test_message_is_read_and_the_answer_sent(self, tmp_path: Path) -> None:
        """One at a time, both as bytes, through one connection."""
        found = contents(planned(spec(tmp_path, trigger=QUEUE)))

        common = {"connection": "TriggerConnectionString", "dataType": "binary"}
        read = {"type": "serviceBusTrigger", "direction": "in", "name": "message", "queueName": "in"}
        assert {
            "scriptFile": "../functions_model_payload/score_message.py",
            "bindings": [
                {**read, "cardinality": "one", **common},
                {"type": "serviceBus", "direction": "out", "name": "$return", "queueName": "out", **common},
            ],
        } == json.loads(found["score/function.json"])

    @pytest.mark.parametrize("trigger", [replace(BLOB, output_path=None), replace(QUEUE, output_queue=None)])
    def test_without_an_output_there_is_no_binding_for_it(self, tmp_path: Path, trigger: Trigger) -> None:
        """The function then gives nothing back: the worker refuses a result that no binding takes."""
        function = json.loads(contents(planned(spec(tmp_path, trigger=trigger)))["score/function.json"])

        assert ["in"] == [binding["direction"] for binding in function["bindings"]]
        assert "without_output" == function["entryPoint"]

    @pytest.mark.parametrize("trigger", [BLOB, QUEUE])
    def test_sample_can_be_checked_with_the_master_key_alone(self, tmp_path: Path, trigger: Trigger) -> None:
        """There is no swagger."""
        plan = planned(spec(tmp_path, trigger=trigger))
        found = contents(plan)

        assert ("score", "check", "identity", "warmup") == plan.functions
        [check, _] = json.loads(found["check/function.json"])["bindings"]
        assert ("check", ["get", "post"], "admin") == (check["route"], check["methods"], check["authLevel"])
        for name in plan.functions:
            script = json.loads(found[f"{name}/function.json"])["scriptFile"].removeprefix("../")
            assert script in found

    def test_variables_name_the_trigger_and_the_threads(self, tmp_path: Path) -> None:
        """As many threads as blobs are scored at a time."""
        env = planned(spec(tmp_path, trigger=BLOB, concurrency=4)).env

        assert ("blob", "admin", "4") == tuple(
            env[name]
            for name in ("FUNCTIONS_MODEL_TRIGGER", "FUNCTIONS_MODEL_AUTH_LEVEL", "PYTHON_THREADPOOL_THREAD_COUNT")
        )

    @pytest.mark.parametrize(
        ("trigger", "section", "limit"),
        [(BLOB, "blobs", "maxDegreeOfParallelism"), (QUEUE, "serviceBus", "maxConcurrentCalls")],
    )
    def test_each_process_gets_its_share(self, tmp_path: Path, trigger: Trigger, section: str, limit: str) -> None:
        """The host's limits hold for an instance with all its workers, each of which has threads of its own."""
        settings = {"functions_worker_process_count": Secret("4")}
        wanted = replace(spec(tmp_path, trigger=trigger, concurrency=2), target=replace(TARGET, app_settings=settings))
        plan = planned(wanted)
        host = json.loads(contents(plan)["host.json"])

        assert (8, "2") == (host["extensions"][section][limit], plan.env["PYTHON_THREADPOOL_THREAD_COUNT"])

    def test_host_json_of_the_user_is_in_the_image(self, tmp_path: Path) -> None:
        """Merged over ours, as plain JSON; one that does not fit ends the plan."""
        own = tmp_path / "host.json"
        wanted = spec(tmp_path, trigger=QUEUE, host_json=own, concurrency=2)
        own.write_text('{"functionTimeout": "00:05:00"} // mine')
        host = json.loads(contents(planned(wanted))["host.json"])

        assert ("00:05:00", 2) == (host["functionTimeout"], host["extensions"]["serviceBus"]["maxConcurrentCalls"])
        own.write_text("{")
        with pytest.raises(BundleFailed):
            planned(wanted)


class TestRegisteredModels:
    """Models that were downloaded from an Azure ML workspace."""

    def test_downloaded_model_lies_where_azure_ml_has_it(self, tmp_path: Path) -> None:
        """It lies outside of the workspace, beside local ones, and the labels say where it is from."""
        write_files(tmp_path, {"cache/iris/model/w": "1", "workspace/other.bin": "2"})
        models = (
            Model("iris", "3", tmp_path / "cache/iris/model", f"{ORIGIN}/versions/3"),
            Model("other", "1", tmp_path / "workspace/other.bin"),
        )

        wanted = replace(spec(tmp_path), models=models)
        plan, labels = planned(wanted), image_labels(wanted, LOCK, "", "0" * 32)

        assert {"azureml-models/iris/3/model/w", "azureml-models/other/1/other.bin"} < set(contents(plan))
        assert "/var/azureml-app/azureml-models" == plan.env["AZUREML_MODEL_DIR"]
        assert f"{ORIGIN}/versions/3" == labels["functions-model.registered-models"]
        assert "iris:3 other:1" == labels["functions-model.models"]

    def test_its_links_stay_in_its_own_folder(self, tmp_path: Path) -> None:
        """A link out of the download is refused, as one out of the workspace is."""
        write_files(tmp_path, {"cache/iris/model/w": "1", "secret": "2"})
        (tmp_path / "cache/iris/model/link").symlink_to(tmp_path / "secret")
        model = Model("iris", "3", tmp_path / "cache/iris/model", f"{ORIGIN}/versions/3")

        with pytest.raises(BundleFailed, match="secret"):
            planned(replace(spec(tmp_path), models=(model,)))

    def test_model_that_is_not_here_is_an_error_of_the_caller(self, tmp_path: Path) -> None:
        """A plan needs files."""
        with pytest.raises(TypeError):
            planned(replace(spec(tmp_path), models=(RegisteredAsset("iris", None, WORKSPACE),)))


class TestMlflow:
    """An MLflow model and no entry script."""

    def test_script_is_ours(self, tmp_path: Path) -> None:
        """The code layer is the script for MLflow models, in a folder of its own."""
        write_files(tmp_path, {"workspace/model/MLmodel": "flavors: {}\n"})
        wanted = spec(tmp_path, script=None, models=(("iris", "1", "model"),))

        plan = planned(wanted)

        code = [file.path for layer in plan.layers if layer.name == "code" for file in layer.tree.files]
        assert "var/azureml-app/mlflow/mlflow_score.py" in code
        assert {"var/azureml-app/mlflow"} == {path.rpartition("/")[0] for path in code}
        assert {"py"} == {path.rpartition(".")[2] for path in code}
        assert ("/var/azureml-app/mlflow", "mlflow_score.py", "/var/azureml-app/azureml-models/iris/1") == tuple(
            plan.env[name] for name in ("AML_APP_ROOT", "AZUREML_ENTRY_SCRIPT", "AZUREML_MODEL_DIR")
        )
