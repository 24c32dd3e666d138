"""What goes into the image: which files, where, in which layer, with which variables and labels."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model import __version__
from functions_model.bundle import BundlePlan, dependency_layers, image_labels, plan_layers, runtime_layer
from functions_model.bundle.plan import MOST_MODEL_LAYERS
from functions_model.bundle.user_files import ignored_by
from functions_model.ci.github import facts_of
from functions_model.core.build import Build
from functions_model.core.failures import BundleFailed, Location
from functions_model.core.references import ImageReference, digest_of
from functions_model.core.report_names import MARKER, NAMES
from functions_model.core.spec import AuthLevel
from functions_model.image.assembly import Base
from functions_model.image.configs import ImageConfig
from functions_model.image.files import Link, TreeFile
from functions_model.image.manifests import OCI_MANIFEST, Descriptor, Manifest
from support.function_app import spec_of, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from functions_model.core.spec import DeploymentSpec

SCRIPT = "def init(): ...\ndef run(data): ...\n"
LOCK = "six==1.17.0\n"
BUILD = "0" * 32
WWWROOT = "home/site/wwwroot/"
AZUREML = "var/azureml-app/"


def plan(folder: Path, files: Mapping[str, str | bytes], **spec: Any) -> BundlePlan:
    """The plan for these files of a workspace, with the layer that needs the lock."""
    write_files(folder / "workspace", {"src/score.py": SCRIPT, **files})
    return whole_plan(spec_of(folder / "workspace", **spec))


def whole_plan(spec: DeploymentSpec) -> BundlePlan:
    """All layers but the dependencies."""
    above = plan_layers(spec)
    return replace(above, layers=(runtime_layer(spec, LOCK), *above.layers))


def labels_of(folder: Path, files: Mapping[str, str], environ: Mapping[str, str], **spec: Any) -> dict[str, str]:
    """The labels of an image of these files."""
    write_files(folder / "workspace", {"src/score.py": SCRIPT, **files})
    return image_labels(spec_of(folder / "workspace", **spec), LOCK, facts_of(environ).source, BUILD)


def paths(planned: BundlePlan, layer: str) -> list[str]:
    """The files of a layer."""
    return [file.path for one in planned.layers if one.name == layer for file in one.tree.files]


def contents(planned: BundlePlan) -> dict[str, bytes]:
    """Every file of every layer, read."""
    return {file.path: bytes_of(file) for layer in planned.layers for file in layer.tree.files}


def bytes_of(file: TreeFile) -> bytes:
    assert not isinstance(file.content, Link)
    return file.content if isinstance(file.content, bytes) else file.content.read_bytes()


class TestLayers:
    """The layers and their files."""

    def test_layers_come_from_what_changes_least_to_most(self, tmp_path: Path) -> None:
        """Runtime, model, code."""
        planned = plan(tmp_path, {"model/w": "1"}, models=(("m", "1", "model"),))

        assert ["runtime", "model", "code"] == [layer.name for layer in planned.layers]

    def test_the_time_of_files_and_the_model_s_compression_are_the_user_s(self, tmp_path: Path) -> None:
        """The epoch holds for every layer, the compression for the model's."""
        spec = replace(
            spec_of(tmp_path / "workspace", models=(("m", "1", "w"),)),
            build=Build(epoch=1700000000, model_compression="raw"),
        )
        write_files(tmp_path / "workspace", {"src/score.py": SCRIPT, "w": "1"})

        planned = whole_plan(spec)

        assert {1700000000} == {layer.epoch for layer in planned.layers}
        assert ["gzip", "raw", "gzip"] == [layer.compression for layer in planned.layers]

    def test_a_build_context_in_the_source_is_no_part_of_it(self, tmp_path: Path) -> None:
        """What builder `dockerfile` wrote before, or writes now, would double with each run."""
        workspace = tmp_path / "workspace"
        spec = replace(spec_of(workspace), build=Build(context=workspace / "src" / "made"))
        written = {f"src/{name}/Dockerfile": "FROM scratch" for name in ("made", "functions-model-context")}
        write_files(workspace, {"src/score.py": SCRIPT, **written})

        assert [f"{AZUREML}src/score.py"] == paths(whole_plan(spec), "code")

    def test_files_about_a_run_in_the_source_are_no_part_of_it(self, tmp_path: Path) -> None:
        """The image of a deployment is the one that was planned."""
        workspace = tmp_path / "workspace"
        spec = replace(spec_of(workspace), own_files=(workspace / "src/out", workspace / "src/deploy.env"))
        write_files(workspace, {"src/score.py": SCRIPT, "src/out/log.txt": "said", "src/deploy.env": "A=1"})

        assert [f"{AZUREML}src/score.py"] == paths(whole_plan(spec), "code")

    def test_a_report_of_an_earlier_run_is_no_part_of_it(self, tmp_path: Path) -> None:
        """A run that names no folder, or another one, makes the same image; files of the user beside it are packed."""
        report = {f"src/out/{name}": "said" for name in (*NAMES, MARKER)}
        files = {"src/out/mine.txt": "1", "src/other/plan.json": "{}"}

        planned = plan(tmp_path, report | files)

        assert [f"{AZUREML}{name}" for name in sorted({*files, "src/score.py"})] == paths(planned, "code")

    def test_without_models_there_is_no_model_layer(self, tmp_path: Path) -> None:
        """A script that needs no model has neither layer nor variable for it."""
        planned = plan(tmp_path, {})

        assert [] == paths(planned, "model")
        assert "AZUREML_MODEL_DIR" not in planned.env

    def test_one_file_lies_in_the_models_folder(self, tmp_path: Path) -> None:
        """A model that is a file lies in `AZUREML_MODEL_DIR` itself."""
        planned = plan(tmp_path, {"out/w.pkl": "1"}, models=(("iris", "3", "out/w.pkl"),))

        assert [f"{AZUREML}azureml-models/iris/3/w.pkl"] == paths(planned, "model")
        assert "/var/azureml-app/azureml-models/iris/3" == planned.env["AZUREML_MODEL_DIR"]

    def test_folder_keeps_its_name(self, tmp_path: Path) -> None:
        """A model that is a folder lies in `AZUREML_MODEL_DIR` under its own name, as in Azure ML."""
        planned = plan(tmp_path, {"out/model/a/w": "1", "out/model/.git/x": ""}, models=(("iris", "3", "out/model"),))

        assert [f"{AZUREML}azureml-models/iris/3/model/a/w"] == paths(planned, "model")

    def test_several_models_share_one_variable(self, tmp_path: Path) -> None:
        """With several models `AZUREML_MODEL_DIR` is the folder of all; each has a layer of its own."""
        models = (("a", "1", "one"), ("b", "2", "two"))
        planned = plan(tmp_path, {"one": "1", "two": "2"}, models=models)

        assert [f"{AZUREML}azureml-models/a/1/one"] == paths(planned, "model a:1")
        assert [f"{AZUREML}azureml-models/b/2/two"] == paths(planned, "model b:2")
        assert "/var/azureml-app/azureml-models" == planned.env["AZUREML_MODEL_DIR"]

    def test_many_models_share_their_layer(self, tmp_path: Path) -> None:
        """Engines allow 127 layers in all."""
        models = tuple((f"m{number:02}", "1", f"m{number:02}") for number in range(MOST_MODEL_LAYERS + 1))
        planned = plan(tmp_path, {path: path for _, _, path in models}, models=models)

        assert [f"{AZUREML}azureml-models/{name}/1/{name}" for name, _, _ in models] == paths(planned, "models")

    def test_same_files_elsewhere_give_the_same_plan(self, tmp_path: Path) -> None:
        """Paths, contents and variables do not depend on where the workspace is."""
        plans = [
            plan(tmp_path / name, {"score.py": SCRIPT, "w": "1"}, source=".", models=(("m", "1", "w"),))
            for name in ("here", "there")
        ]

        assert contents(plans[0]) == contents(plans[1])
        assert plans[0].env == plans[1].env


class TestCode:
    """Which of the user's files are packed."""

    def test_source_directory_keeps_its_name(self, tmp_path: Path) -> None:
        """The code lies under the source directory's own name, and the script's path is relative to it."""
        planned = plan(tmp_path, {"app/in/score.py": SCRIPT, "app/x.txt": ""}, source="app", script="in/score.py")

        assert [f"{AZUREML}app/in/score.py", f"{AZUREML}app/x.txt"] == paths(planned, "code")
        assert "/var/azureml-app/app" == planned.env["AML_APP_ROOT"]
        assert "in/score.py" == planned.env["AZUREML_ENTRY_SCRIPT"]

    @pytest.mark.parametrize("source", [".", "azureml-models", "requirements.lock"])
    def test_name_that_means_something_else_becomes_code(self, tmp_path: Path, source: str) -> None:
        """The workspace has no name of its own, and names that are taken are not used twice."""
        planned = plan(tmp_path, {f"{source}/score.py": SCRIPT}, source=source)

        assert f"{AZUREML}code/score.py" in paths(planned, "code")

    def test_what_no_image_needs_stays_out(self, tmp_path: Path) -> None:
        """History, caches, environments and files with secrets stay out, whatever an ignore file says."""
        names = (
            ".git/config",
            ".github/workflows/x.yml",
            "__pycache__/a.pyc",
            ".venv/lib/x.py",
            "deep/.env",
            ".azure/token",
            "gha-creds-1.json",
            ".ipynb_checkpoints/x",
        )
        files = {f"src/{name}": "" for name in names}
        planned = plan(tmp_path, {**files, "src/.amlignore": "!.env\n!.git\n", "src/deep/kept": ""})

        assert [f"{AZUREML}src/deep/kept", f"{AZUREML}src/score.py"] == paths(planned, "code")

    @pytest.mark.parametrize(
        ("ignore_files", "left"),
        [
            ({".gitignore": "*.csv\n"}, ["keep.txt", "score.py"]),
            ({".amlignore": "*.txt\n"}, ["data.csv", "score.py"]),
            ({".gitignore": "*.csv\n", ".amlignore": "*.txt\n"}, ["data.csv", "score.py"]),
        ],
    )
    def test_ignore_file_is_read_as_azure_ml_does(
        self, tmp_path: Path, ignore_files: dict[str, str], left: list[str]
    ) -> None:
        """`.amlignore` counts, else `.gitignore`."""
        files = {"data.csv": "", "keep.txt": "", **ignore_files}
        planned = plan(tmp_path, {f"src/{name}": text for name, text in files.items()})

        assert [f"{AZUREML}src/{name}" for name in left] == paths(planned, "code")

    @pytest.mark.parametrize(
        ("path", "line"), [("lib/helper.py", 5), ("lib/", 5), ("score.py", None), ("lib/kept/x.py", None)]
    )
    def test_the_line_that_leaves_a_file_out_is_known(self, tmp_path: Path, path: str, line: int | None) -> None:
        """Empty lines count, and a later line takes back what an earlier one names."""
        write_files(tmp_path, {".gitignore": "# ours\n\n*.log\n  \nlib/\n!lib/kept/\n"})

        assert (Location(tmp_path / ".gitignore", line) if line else None) == ignored_by(tmp_path, path)

    def test_model_is_not_packed_twice(self, tmp_path: Path) -> None:
        """Models that lie in the source directory are in the model layer alone, odd names included."""
        files = {"src/model/w": "1", "src/other/model/kept": "", "src/a [1]*.bin": "2", "src/a 1.bin": "kept"}
        models = (("m", "1", "src/model"), ("n", "1", "src/a [1]*.bin"))
        planned = plan(tmp_path, files, models=models)

        assert ["a 1.bin", "other/model/kept", "score.py"] == [
            path.removeprefix(f"{AZUREML}src/") for path in paths(planned, "code")
        ]


class TestRefusals:
    """What cannot be packed."""

    def problems(self, folder: Path, files: dict[str, str], **spec: Any) -> list[str]:
        """The refusal, problem by problem."""
        with pytest.raises(BundleFailed) as caught:
            plan(folder, files, **spec)
        return [problem.what for problem in caught.value.problems]

    def test_all_problems_are_told_at_once(self, tmp_path: Path) -> None:
        """Problems of models and of the code are told together."""
        (tmp_path / "workspace" / "empty").mkdir(parents=True)
        models = (("m", "1", "w"), ("m", "1", "v"), ("n", "1", "empty"))

        assert [
            "two models are called `m`, version 1",
            "the folder `empty` has no files",
            "the entry script is not packed: `.amlignore` leaves it out",
        ] == self.problems(tmp_path, {"w": "1", "v": "2", "src/.amlignore": "*.py"}, models=models)

    def test_source_directory_is_not_a_model(self, tmp_path: Path) -> None:
        """A model folder that is the source directory too would be in the image twice."""
        [what] = self.problems(tmp_path, {"src/w": "1"}, models=(("m", "1", "src"),))

        assert "the folder is the source directory too, so that the model would be in the image twice" == what

    def test_script_in_the_models_folder_is_told(self, tmp_path: Path) -> None:
        """A script inside a model's folder would be left out with it."""
        files = {"src/model/score.py": SCRIPT, "src/model/w": "1"}

        [what] = self.problems(tmp_path, files, script="model/score.py", models=(("m", "1", "src/model"),))

        assert "the entry script is in the model's folder" == what

    def test_link_out_of_the_workspace_is_refused(self, tmp_path: Path) -> None:
        """Nothing outside of the workspace gets into the image."""
        (tmp_path / "workspace/src").mkdir(parents=True)
        (tmp_path / "workspace/src/passwords").symlink_to("/etc/passwd")

        [what] = self.problems(tmp_path, {})

        assert "/etc/passwd" in what


class TestRuntime:
    """What the Functions host finds."""

    def test_every_function_is_described(self, tmp_path: Path) -> None:
        """`functions` are the folders with a function.json, whose script is in the image."""
        planned = plan(tmp_path, {})
        found = contents(planned)

        assert ("score", "swagger", "cors", "check", "identity", "warmup") == planned.functions
        for name in planned.functions:
            definition = json.loads(found[f"{WWWROOT}{name}/function.json"])
            assert f"{WWWROOT}{definition['scriptFile'].removeprefix('../')}" in found

    @pytest.mark.parametrize("level", AuthLevel)
    def test_only_scoring_asks_for_a_key(self, tmp_path: Path, level: AuthLevel) -> None:
        """`score` and `swagger` have the wanted level; `check` wants the master key, the others none."""
        planned = plan(tmp_path, {}, auth_level=level)
        found = contents(planned)
        triggers = {
            name: json.loads(found[f"{WWWROOT}{name}/function.json"])["bindings"][0] for name in planned.functions
        }
        assert {"type": "warmupTrigger", "direction": "in", "name": "warmup"} == triggers.pop("warmup")

        assert {
            "score": level,
            "swagger": level,
            "cors": "anonymous",
            "check": "admin",
            "identity": "anonymous",
        } == {name: trigger["authLevel"] for name, trigger in triggers.items()}
        routes = {name: trigger["route"] for name, trigger in triggers.items()}
        assert "score" == routes.pop("cors")
        assert {"score": "score", "swagger": "swagger.json", "check": "check", "identity": "identity"} == routes
        assert (["get", "post"], ["options"]) == (triggers["score"]["methods"], triggers["cors"]["methods"])
        assert level == planned.env["FUNCTIONS_MODEL_AUTH_LEVEL"]

    def test_host_uses_the_bundle_that_the_image_has(self, tmp_path: Path) -> None:
        """Any other range of the extension bundle is downloaded at each cold start."""
        host = json.loads(contents(plan(tmp_path, {}))[f"{WWWROOT}host.json"])

        assert ("2.0", "[4.*, 5.0.0)") == (host["version"], host["extensionBundle"]["version"])

    def test_payload_and_lock_are_in_the_image(self, tmp_path: Path) -> None:
        """The payload's Python files, and nothing else of its folder; the lock as it was used."""
        found = contents(plan(tmp_path, {}))
        payload = {path for path in found if path.startswith(f"{WWWROOT}functions_model_payload/")}

        assert f"{WWWROOT}functions_model_payload/score.py" in payload
        assert {"py"} == {path.rpartition(".")[2] for path in payload}
        assert LOCK.encode() == found[f"{AZUREML}requirements.lock"]


class TestVariables:
    """The image's environment variables."""

    def test_worker_and_host_are_told_what_they_must_know(self, tmp_path: Path) -> None:
        """Script root, console log, packages first, one call at a time; the base's runtime is left alone."""
        env = plan(tmp_path, {}).env

        assert "/home/site/wwwroot" == env["AzureWebJobsScriptRoot"]
        assert "true" == env["AzureFunctionsJobHost__Logging__Console__IsEnabled"]
        assert "/home/site/wwwroot/.python_packages/lib/site-packages" == env["PYTHONPATH"]
        assert "1" == env["PYTHON_ISOLATE_WORKER_DEPENDENCIES"]
        assert "1" == env["PYTHON_THREADPOOL_THREAD_COUNT"]
        assert "FUNCTIONS_WORKER_RUNTIME" not in env

    def test_identity_is_told_its_models(self, tmp_path: Path) -> None:
        """Names and versions of the models, the trigger and the tool's version."""
        env = plan(tmp_path, {"w": "1"}, models=(("m", "4", "w"),)).env

        assert [{"name": "m", "version": "4"}] == json.loads(env["FUNCTIONS_MODEL_MODELS"])
        assert ("http", __version__) == (env["FUNCTIONS_MODEL_TRIGGER"], env["FUNCTIONS_MODEL_TOOL_VERSION"])


class TestLabels:
    """The image's labels."""

    def test_labels_say_what_the_image_is(self, tmp_path: Path) -> None:
        """Title, tool, models, trigger and the lock's digest."""
        labels = labels_of(tmp_path, {"w": "1"}, {}, models=(("m", "4", "w"),))

        label = f'{{"build":"{BUILD}","functions":["score","swagger","cors","check","identity","warmup"],'
        assert {
            "functions-model.deployment": label + '"inputs":{"auth-level":"function","trigger":"http"},"layout":1}',
            "functions-model.lock": digest_of(LOCK.encode()),
            "functions-model.models": "m:4",
            "functions-model.tool-version": __version__,
            "functions-model.trigger": "http",
            "org.opencontainers.image.title": "package",
            "org.opencontainers.image.version": "4",
        } == labels

    def test_source_is_the_ci_hosts_and_the_revision_is_left_out(self, tmp_path: Path) -> None:
        """On GitHub a label names the repository. With the commit's, each commit would be another image."""
        environ = {"GITHUB_SERVER_URL": "https://ghe.local", "GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": "abc"}
        labels = labels_of(tmp_path, {}, environ)

        assert "https://ghe.local/o/r" == labels["org.opencontainers.image.source"]
        assert "abc" not in labels.values()

    def test_labels_name_the_base_the_models_and_a_given_time(self, tmp_path: Path) -> None:
        """As far as they are known; the user's own labels win."""
        digest = digest_of(b"base")
        manifest = Manifest(OCI_MANIFEST, Descriptor("config", digest, 1), (), {})
        base = Base(ImageReference("mcr.example", "python", "4", digest), digest, manifest, ImageConfig({}))
        spec = replace(
            spec_of(tmp_path / "workspace"),
            build=Build(epoch=1700000000, labels={"team": "forecast", "org.opencontainers.image.title": "Churn"}),
        )

        labels = image_labels(spec, LOCK, "", BUILD, base=base, model_digests={"a": "sha256:1", "b": "sha256:2"})

        assert {
            "functions-model.model-digests": "a@sha256:1 b@sha256:2",
            "org.opencontainers.image.base.digest": digest,
            "org.opencontainers.image.base.name": "mcr.example/python:4",
            "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
            "org.opencontainers.image.title": "Churn",
            "team": "forecast",
        }.items() <= labels.items()

    def test_no_secret_can_come_from_the_spec(self, tmp_path: Path) -> None:
        """A plan without login or target is the same as one with them would be: they are not read."""
        planned = plan(tmp_path, {})
        spec = replace(spec_of(tmp_path / "workspace"), verify_timeout=1)

        assert planned.env == plan_layers(spec).env


@dataclass(frozen=True, slots=True)
class Installed:
    """What the environment's room gives."""

    site_packages: Path
    conda: Path | None = None


class TestDependencies:
    """The layers below the app."""

    def test_wheels_lie_where_the_worker_looks(self, tmp_path: Path) -> None:
        """Installed packages go to the worker's folder, without bytecode."""
        files = {"six.py": "", "__pycache__/six.cpython-311.pyc": "", "six-1.dist-info/METADATA": ""}
        write_files(tmp_path / "packages", files)
        under = f"{WWWROOT}.python_packages/lib/site-packages/"

        [layer] = dependency_layers(spec_of(tmp_path), tmp_path / "packages")

        assert [f"{under}six-1.dist-info/METADATA", f"{under}six.py"] == [file.path for file in layer.tree.files]

    def test_conda_lies_below_them_at_its_prefix(self, tmp_path: Path) -> None:
        """A layer of its own, with its links, and with the same time as all."""
        write_files(tmp_path, {"packages/six.py": "", "prefix/bin/python3.11": "", "prefix/conda-meta/x.json": ""})
        (tmp_path / "prefix/bin/python").symlink_to("python3.11")
        spec = replace(spec_of(tmp_path), build=Build(epoch=5))

        layers = dependency_layers(spec, tmp_path / "packages", tmp_path / "prefix")

        assert [("conda", 5), ("dependencies", 5)] == [(layer.name, layer.epoch) for layer in layers]
        assert ["opt/conda/bin/python", "opt/conda/bin/python3.11", "opt/conda/conda-meta/x.json"] == [
            file.path for file in layers[0].tree.files
        ]

    def test_nothing_to_install_is_no_layer(self, tmp_path: Path) -> None:
        """A conda environment may bring it all."""
        write_files(tmp_path, {"prefix/bin/python": ""})
        (tmp_path / "packages").mkdir()

        layers = dependency_layers(spec_of(tmp_path), tmp_path / "packages", tmp_path / "prefix")

        assert ["conda"] == [layer.name for layer in layers]

    def test_variables_of_the_environment_are_the_image_s(self, tmp_path: Path) -> None:
        """None of them takes the place of one that the image needs."""
        write_files(tmp_path, {"src/score.py": SCRIPT})
        variables = (("OMP_NUM_THREADS", "1"), ("PYTHONPATH", "/x"))

        env, without = (plan_layers(spec_of(tmp_path), variables=some).env for some in (variables, ()))

        assert {"OMP_NUM_THREADS": "1", **without} == env

    def test_conda_s_python_runs_the_worker(self, tmp_path: Path) -> None:
        """The host is told which one; the `PATH` of the base's own scripts stays as it is."""
        write_files(tmp_path, {"src/score.py": SCRIPT})

        env = plan_layers(spec_of(tmp_path), conda=True).env

        assert "/opt/conda/bin/python" == env["languageWorkers__python__defaultExecutablePath"]
        assert "/opt/conda" == env["CONDA_PREFIX"]
        assert "PATH" not in env
        assert "CONDA_PREFIX" not in plan_layers(spec_of(tmp_path)).env
