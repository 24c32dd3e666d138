"""`read_inputs`: from texts to a spec, or to every problem."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.github import ADVICE
from functions_model.ci.host import Facts
from functions_model.core.failures import InputsInvalid
from functions_model.core.names import Names, Resources
from functions_model.core.secrets import Login, Secret
from functions_model.core.spec import AuthLevel, Code, HttpTrigger, ImageTarget, Mode, Model, OnPlan, Target
from functions_model.inputs.reading import read_inputs, report_folder
from support.inputs import DEPLOY, GUID, PACKAGE, problems

if TYPE_CHECKING:
    from pathlib import Path


class TestWhole:
    """A whole spec."""

    def test_package(self, workspace: Path) -> None:
        """Mode `package` needs a model, a script and a registry, and nothing of Azure."""
        spec = read_inputs(PACKAGE, workspace=workspace)

        assert spec.mode is Mode.PACKAGE
        assert spec.models == (Model("iris", "1", workspace / "model/iris.pkl"),)
        assert spec.code == Code(workspace / "src/score.py", workspace / "src", "src/score.py")
        assert spec.image == ImageTarget("localhost:5000", "package", None)
        assert (spec.login, spec.target, spec.environment_file, spec.sample_request) == (None, None, None, None)
        assert spec.verify_timeout == 600

    def test_deploy(self, workspace: Path) -> None:
        """Names that can be derived from the app's name are, and texts come in Azure's own form."""
        spec = read_inputs(DEPLOY, workspace=workspace)

        assert spec.login == Login(GUID, GUID, None, "api://AzureADTokenExchange", "AzureCloud")
        assert spec.image.registry == "contoso.azurecr.io"
        assert spec.target == Target(
            names=Names(GUID, "rg-churn", "Churn-Scorer"),
            location="westeurope",
            resources=Resources("Churn-Scorer-plan", "churnscorerzgg7qd4hfl", "Churn-Scorer-identity"),
            hosting=OnPlan("EP1"),
            app_settings={},
        )
        assert isinstance(spec.trigger, HttpTrigger)
        assert spec.trigger.auth_level is AuthLevel.FUNCTION

    def test_everything_given(self, workspace: Path) -> None:
        """Nothing that is given is replaced by something derived."""
        given = {
            "model-name": "My.Model_1",
            "model-version": "7",
            "source-directory": "src",
            "environment-file": "environment.yml",
            "python-version": "3.11",
            "base-image": "mcr.microsoft.com/azure-functions/python:4-python3.11",
            "auth-level": "anonymous",
            "image-name": "models/churn",
            "image-tag": "v7",
            "client-secret": "hunter2",
            "cloud": "azureusgovernment",
            "plan-name": "shared",
            "plan-sku": "p1MV3",
            "storage-account": "churnstore",
            "app-settings": "A=1",
            "sample-request": "sample.json",
            "verify-timeout": "90",
        }

        spec = read_inputs({**DEPLOY, **given}, workspace=workspace)

        assert spec.models == (Model("My.Model_1", "7", workspace / "model/iris.pkl"),)
        assert spec.environment_file == workspace / "environment.yml"
        assert (spec.python_version, spec.base_image) == ("3.11", given["base-image"])
        assert spec.image == ImageTarget("contoso.azurecr.us", "models/churn", "v7", "contoso")
        assert spec.login == Login(
            GUID, GUID, Secret("hunter2"), "api://AzureADTokenExchangeUSGov", "AzureUSGovernment"
        )
        assert spec.target is not None
        assert (spec.target.resources.plan, spec.target.hosting.sku) == ("shared", "P1mv3")
        assert (spec.target.resources.storage_account, spec.target.app_settings) == ("churnstore", {"A": Secret("1")})
        assert (spec.sample_request, spec.verify_timeout) == (workspace / "sample.json", 90)

    def test_no_secret_in_its_text(self, workspace: Path) -> None:
        """A spec may be logged."""
        spec = read_inputs({**DEPLOY, "client-secret": "hunter2", "app-settings": "A=hunter3"}, workspace=workspace)

        assert "hunter" not in repr(spec)


class TestRequired:
    """What each mode needs."""

    @pytest.mark.parametrize(
        ("mode", "needed"),
        [
            ("package", {"model-path", "entry-script", "registry"}),
            ("deploy", set(DEPLOY)),
            ("plan", set(DEPLOY)),
        ],
    )
    def test_all_missing_at_once(self, mode: str, needed: set[str], workspace: Path) -> None:
        """Everything that is missing is told in one go."""
        assert needed == set(problems({"mode": mode}, workspace))

    def test_empty_is_not_given(self, workspace: Path) -> None:
        """GitHub passes inputs that are not given as empty texts."""
        assert "it is required in mode `deploy`" in problems({**DEPLOY, "app-name": " "}, workspace)["app-name"]

    def test_registry_of_azure_needs_a_login(self, workspace: Path) -> None:
        """To push there, mode `package` must log in."""
        assert {"tenant-id", "client-id"} == set(problems({**PACKAGE, "registry": "contoso"}, workspace))

    def test_registry_of_another_cloud(self, workspace: Path) -> None:
        """It knows nothing of the login, and gets no token of it."""
        values = {**PACKAGE, "registry": "contoso.azurecr.cn", "tenant-id": GUID, "client-id": GUID}

        assert "Give `cloud: AzureChinaCloud`" in problems(values, workspace)["registry"]
        assert read_inputs({**values, "cloud": "AzureChinaCloud"}, workspace=workspace).login

    def test_half_a_login(self, workspace: Path) -> None:
        """A login that is begun is told when it is not whole."""
        assert {"client-id"} == set(problems({**PACKAGE, "tenant-id": GUID}, workspace))

    def test_package_ignores_what_is_for_deploying(self, workspace: Path) -> None:
        """One workflow may switch the mode and leave all else."""
        values = {**PACKAGE, "app-name": "-", "plan-sku": "Y1", "verify-timeout": "x", "sample-request": "none.json"}

        assert read_inputs(values, workspace=workspace).target is None

    def test_unknown_input(self, workspace: Path) -> None:
        """A name that is no input is told with the nearest one."""
        assert "Did you mean `app-name`?" in problems({**DEPLOY, "app_name": "x"}, workspace)["app_name"]


REFUSED = [
    ("mode", "undo", "Use `deploy` or `plan` or `package` or `destroy` or `plan-destroy`."),
    ("app-name", "x", "2 to 60"),
    ("app-name", "-churn", "no hyphen at either end"),
    ("app-name", "churn-", "no hyphen at either end"),
    ("app-name", "churn_scorer", "is not a function app's name"),
    ("app-name", "a" * 61, "2 to 60"),
    ("app-name", "chürn", "is not a function app's name"),
    ("plan-name", "my plan", "is not a hosting plan's name"),
    ("resource-group", "group.", "do not end with a period"),
    ("resource-group", "a" * 91, "1 to 90"),
    ("resource-group", "a/b", "is not a resource group's name"),
    ("storage-account", "ab", "3 to 24"),
    ("storage-account", "Contoso", "lower-case"),
    ("storage-account", "con-toso", "lower-case"),
    ("storage-account", "a" * 25, "3 to 24"),
    ("subscription-id", "contoso", "`contoso` is not an id such as"),
    ("tenant-id", GUID.replace("-", ""), "is not an id such as"),
    ("client-id", "{" + GUID + "}", "is not an id such as"),
    ("client-secret", "one\ntwo", "more than one line"),
    ("audience", "two words", "is not an audience"),
    ("cloud", "AzureGermanCloud", "is neither a cloud's name"),
    ("cloud", "http://localhost:1", "is neither a cloud's name"),
    ("cloud", "https://", "is neither a cloud's name"),
    ("cloud", "https://user:pass@host", "is neither a cloud's name"),
    ("location", "west/europe", "is not an Azure region's name"),
    ("registry", "https://contoso.azurecr.io", "Use `contoso.azurecr.io`"),
    ("registry", "contoso.azurecr.io/package", "`image-name`"),
    ("registry", "con toso", "is not a registry's host"),
    ("registry", "abc", "5 to 50 letters and digits"),
    ("registry", "my-registry", "5 to 50 letters and digits"),
    ("registry", "ghcr.io", "is not an Azure Container Registry of `AzureCloud`"),
    ("registry", "contoso.azurecr.cn", "is not an Azure Container Registry of `AzureCloud`"),
    ("image-name", "Package", "is not an image's name"),
    ("image-name", "package:v1", "have their own inputs"),
    ("image-tag", "-v1", "is not a tag"),
    ("image-tag", "a" * 129, "is not a tag"),
    ("base-image", "python:3.12", "does not start with a registry host"),
    ("plan-sku", "Y1", "the Consumption plan (`Y1`) does not run containers"),
    ("plan-sku", "fc1", "the Flex Consumption plan (`FC1`) does not run containers"),
    ("plan-sku", "EP4", "is not a plan size that is supported"),
    ("python-version", "3.1", "Write it in quotes: `'3.10'`"),
    ("python-version", "3.12.4", "names a patch version"),
    ("python-version", "3.9", "there is no Functions base image for Python `3.9`"),
    ("python-version", "latest", "there is no Functions base image"),
    ("trigger", "timer", "there is no trigger `timer`. Use `http`, `blob`, `service-bus-queue`."),
    ("auth-level", "user", "Use `anonymous` or `function` or `admin`."),
    ("verify-timeout", "10m", "whole seconds without a unit"),
    ("verify-timeout", "0", "1 to 21600"),
    ("verify-timeout", "21601", "1 to 21600"),
    ("model-name", ".hidden", "starting with a letter or a digit"),
    ("model-name", "a/b", "is not a model's name"),
    ("model-version", "0", "1 or more"),
    ("model-version", "1.2", "1 or more"),
    ("model-version", "01", "1 or more"),
    ("model-path", "model/none.pkl", "`model` holds `iris.pkl`. Check the path."),
    ("model-path", "none/at/all", "The workspace holds"),
    ("model-path", "../outside.pkl", "lies outside the workspace"),
    ("model-path", "/etc/passwd", "lies outside the workspace"),
    ("model-path", ".", "it is the whole workspace"),
    ("model-path", "empty", "the folder `empty` has no files"),
    ("model-path", r"C:\model", "is not a path"),
    ("entry-script", "src", "`src` is not a file"),
    ("entry-script", "environment.yml", "is not a Python file"),
    ("source-directory", "src/score.py", "is not a folder"),
    ("environment-file", "none.yml", "does not exist"),
    ("sample-request", "src", "is not a file"),
]


class TestRules:
    """Single inputs."""

    @pytest.mark.parametrize(
        ("name", "text", "words"), REFUSED, ids=[f"{name}={text[:20]}" for name, text, _ in REFUSED]
    )
    def test_refuses(self, name: str, text: str, words: str, workspace: Path) -> None:
        """What Azure would refuse later is refused now, with the rule; nothing else is complained of."""
        found = problems({**DEPLOY, name: text}, workspace)

        assert [name] == list(found)
        assert words in found[name]

    def test_all_at_once(self, workspace: Path) -> None:
        """Many wrong inputs give as many problems in one failure, with exit code 2."""
        wrong = {"app-name": "-", "location": "?", "plan-sku": "Y1", "model-path": "x", "python-version": "3.1"}

        assert set(wrong) == set(problems({**DEPLOY, **wrong}, workspace))

    def test_client_secret_beside_an_audience(self, workspace: Path) -> None:
        """One of the two would be ignored."""
        found = problems({**DEPLOY, "client-secret": "hunter2", "audience": "api://x"}, workspace)

        assert ["audience"] == list(found)

    def test_secrets_are_never_repeated(self, workspace: Path) -> None:
        """Not even when they are what is wrong."""
        found = problems({**DEPLOY, "client-secret": "hunter2\nx", "app-settings": "hunter3"}, workspace)

        assert {"client-secret", "app-settings"} == set(found)
        assert "hunter" not in str(found)


class TestPaths:
    """Paths and the workspace."""

    def test_link_that_leaves(self, workspace: Path) -> None:
        """A link out of the workspace is refused with both paths."""
        (workspace / "link.pkl").symlink_to(workspace.parent / "outside.pkl")

        found = problems({**PACKAGE, "model-path": "link.pkl"}, workspace)

        assert "`link.pkl` is a link to" in found["model-path"]
        assert str(workspace.parent / "outside.pkl") in found["model-path"]
        assert f"`{workspace}`" in found["model-path"]

    def test_folder_on_the_way_is_a_link_that_leaves(self, workspace: Path) -> None:
        """It does not matter where on the path the link is."""
        (workspace / "up").symlink_to(workspace.parent)

        assert "outside the workspace" in problems({**PACKAGE, "model-path": "up/outside.pkl"}, workspace)["model-path"]

    def test_link_that_stays(self, workspace: Path) -> None:
        """A link within the workspace is as good as what it points to."""
        (workspace / "latest.pkl").symlink_to("model/iris.pkl")

        assert read_inputs({**PACKAGE, "model-path": "latest.pkl"}, workspace=workspace).models[0].name == "latest"

    def test_link_to_itself(self, workspace: Path) -> None:
        """A circle of links is told as one."""
        (workspace / "circle").symlink_to("circle")

        assert (
            "`circle` leads in a circle of links. Remove the links."
            == problems({**PACKAGE, "model-path": "circle"}, workspace)["model-path"]
        )

    def test_absolute_path(self, workspace: Path) -> None:
        """A path that GitHub translated is absolute, and inside."""
        spec = read_inputs({**PACKAGE, "model-path": str(workspace / "model")}, workspace=workspace)

        assert spec.models == (Model("model", "1", workspace / "model"),)

    @pytest.mark.parametrize("folder", ["/home/runner/work/churn/churn", "/__w/churn/churn"])
    def test_path_of_the_runner(self, folder: str, workspace: Path) -> None:
        """A path as another step sees it, outside of our container or in the job's own, is mapped to ours."""
        values = {**PACKAGE, "model-path": f"{folder}/model"}
        known = ("/home/runner/work/churn/churn", "/__w/churn/churn")

        spec = read_inputs(values, workspace=workspace, facts=Facts(workspace, ADVICE, known))

        assert [workspace / "model"] == [model.path for model in spec.models if isinstance(model, Model)]

    @pytest.mark.parametrize("path", ["model", "/home/runner/work/r/r/models/churn/model"])
    def test_below_a_working_directory(self, path: str, workspace: Path) -> None:
        """One model of several: paths are relative to its folder, and those of other steps are still understood."""
        folder = workspace / "models" / "churn"
        shutil.copytree(workspace, folder, ignore=shutil.ignore_patterns("models"))
        values = {**PACKAGE, "working-directory": "models/churn", "model-path": path}

        spec = read_inputs(values, workspace=workspace, facts=Facts(workspace, ADVICE, ("/home/runner/work/r/r",)))

        assert folder == spec.workspace
        assert [folder / "model"] == [model.path for model in spec.models if isinstance(model, Model)]
        assert spec.code
        assert folder / "src" == spec.code.source_directory

    @pytest.mark.parametrize(
        ("given", "subject", "words"),
        [
            ({"working-directory": "nowhere"}, "working-directory", "does not exist"),
            ({"working-directory": ".."}, "working-directory", "lies outside the workspace"),
            ({"working-directory": "model", "model-path": "../score.py"}, "model-path", "lies outside the workspace"),
        ],
    )
    def test_a_working_directory_is_a_fence(
        self, given: dict[str, str], subject: str, words: str, workspace: Path
    ) -> None:
        """It lies in the workspace, and nothing is read outside of it."""
        with pytest.raises(InputsInvalid) as failure:
            read_inputs({**PACKAGE, **given}, workspace=workspace)

        assert [words in problem.what for problem in failure.value.problems if problem.subject == subject] == [True]

    @pytest.mark.parametrize("mode", ["package", "destroy"])
    @pytest.mark.parametrize(
        ("given", "place"),
        [
            ({"report-directory": "out/run"}, "out/run"),
            ({"report-directory": "/__w/churn/churn/out"}, "out"),
            ({"report-directory": "out", "working-directory": "src"}, "src/out"),
            ({"report-directory": "/__w/churn/churn/src/out", "working-directory": "src"}, "src/out"),
            ({}, None),
            ({"report-directory": "out", "working-directory": "nowhere"}, None),
        ],
    )
    def test_of_the_report(self, given: dict[str, str], place: str | None, mode: str, workspace: Path) -> None:
        """It need not exist; else it is read as any other, in every mode, and nothing else need be right."""
        facts = Facts(workspace, ADVICE, ("/__w/churn/churn",))

        found = report_folder({**given, "mode": mode, "app-name": "-x-"}, workspace=workspace, facts=facts)

        assert (workspace / place if place else None) == found

    @pytest.mark.parametrize("folder", ["", "src"])
    def test_of_what_is_the_runs_own(self, folder: str, workspace: Path) -> None:
        """Inputs, outputs, page and report, where they lie in the workspace, also by its real name: never packed."""
        link = workspace.parent / "link"
        link.symlink_to(workspace)
        (workspace / "src/inputs.yml").write_text("")
        place = workspace.parent / "page.md"
        given = {**PACKAGE, "model-path": "w.bin", "working-directory": folder, "inputs-file": "src/inputs.yml"}
        given |= {"report-directory": "out", "entry-script": "score.py"}
        (workspace / folder / "w.bin").write_bytes(b"1")
        (workspace / folder / "score.py").write_text((workspace / "src/score.py").read_text())
        facts = Facts(link, ADVICE, outputs=workspace / "src/deploy.env", summary=place)

        spec = read_inputs(given, workspace=link, facts=facts)

        assert {link / folder / "out", link / "src/inputs.yml", link / "src/deploy.env"} == set(spec.own_files)

    @pytest.mark.parametrize("folder", ["model", "model/out", "src"])
    def test_of_the_report_lies_in_nothing_that_is_packed(self, folder: str, workspace: Path) -> None:
        """The next image would be another one."""
        with pytest.raises(InputsInvalid, match=f"report-directory: `{folder}` is a part of what the image is made of"):
            read_inputs({**PACKAGE, "model-path": "model", "report-directory": folder}, workspace=workspace)

    def test_workspace_behind_a_link(self, workspace: Path) -> None:
        """A workspace that is reached by a link takes paths by its real name too."""
        link = workspace.parent / "link"
        link.symlink_to(workspace)

        spec = read_inputs({**PACKAGE, "model-path": str(workspace / "model")}, workspace=link)

        assert [link / "model"] == [model.path for model in spec.models if isinstance(model, Model)]

    def test_empty_file(self, workspace: Path) -> None:
        """A model of no bytes is a step that failed before."""
        (workspace / "model/iris.pkl").write_bytes(b"")

        assert "is empty" in problems(PACKAGE, workspace)["model-path"]

    @pytest.mark.parametrize("path", ["model/iris.pkl", "model"])
    def test_git_lfs_pointer(self, path: str, workspace: Path) -> None:
        """A checkout without `lfs: true` leaves a pointer in the place of the model."""
        (workspace / "model/iris.pkl").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n")

        assert "lfs: true" in problems({**PACKAGE, "model-path": path}, workspace)["model-path"]

    @pytest.mark.parametrize("path", ["model/iris.pkl", "model"])
    def test_kept_by_dvc(self, path: str, workspace: Path) -> None:
        """A job without `dvc pull` has the file of DVC's, and not the model: named by itself or by its folder."""
        (workspace / "model/iris.pkl").unlink()
        (workspace / "model/iris.pkl.dvc").write_text("outs:\n- md5: 8\n  path: iris.pkl\n")

        told = problems({**PACKAGE, "model-path": path}, workspace)["model-path"]

        assert "iris.pkl` is kept by DVC (`" in told
        assert "`dvc pull`" in told

    def test_fetched_from_dvc(self, workspace: Path) -> None:
        """DVC's own file stays beside a model that was fetched."""
        (workspace / "model/iris.pkl.dvc").write_text("outs:\n- md5: 8\n  path: iris.pkl\n")

        assert read_inputs({**PACKAGE, "model-path": "model"}, workspace=workspace).models

    def test_several_that_were_not_fetched(self, workspace: Path) -> None:
        """One message for all, however many there are."""
        for name in "abc":
            (workspace / f"model/{name}.dvc").write_text(f"outs: [{{md5: 8, path: {name}.bin}}]")

        told = problems({**PACKAGE, "model-path": "model"}, workspace)["model-path"]

        assert "`a.bin` is kept by DVC (`a.dvc`) and was not fetched; 2 more files are missing as well" in told


class TestEntryScript:
    """`entry-script` and `source-directory`."""

    def test_relative_to_the_source_directory(self, workspace: Path) -> None:
        """Azure ML's way to write it."""
        spec = read_inputs({**PACKAGE, "entry-script": "score.py", "source-directory": "src"}, workspace=workspace)

        assert spec.code == Code(workspace / "src/score.py", workspace / "src", "score.py")

    def test_below_the_source_directory(self, workspace: Path) -> None:
        """The script may lie deeper."""
        values = {**PACKAGE, "entry-script": "src/deep/other.py", "source-directory": "src"}

        code = read_inputs(values, workspace=workspace).code
        assert code is not None
        assert code.source_directory == workspace / "src"

    def test_outside_the_source_directory(self, workspace: Path) -> None:
        """Else it would not be in the image."""
        found = problems({**PACKAGE, "source-directory": "model"}, workspace)

        assert "lies outside the source directory `model`" in found["entry-script"]


class TestModelNames:
    """`model-name` when it is not given."""

    @pytest.mark.parametrize(
        ("file", "name"),
        [("resnet-1.5.onnx", "resnet-1.5"), ("my model (2).pkl", "my-model-2"), ("_x.pkl", "x"), ("ü.pkl", "model")],
    )
    def test_from_the_path(self, file: str, name: str, workspace: Path) -> None:
        """The file's name without its ending, with what Azure ML does not take replaced."""
        (workspace / "model" / file).write_text("content")

        assert name == read_inputs({**PACKAGE, "model-path": f"model/{file}"}, workspace=workspace).models[0].name


class TestSettings:
    """What App Service and the base image make of settings."""

    def test_dotted_names_are_told_as_the_script_sees_them(self, workspace: Path) -> None:
        """A Linux container has no dots in the names of its variables."""
        spec = read_inputs({**DEPLOY, "app-settings": "model.threshold=0.5\nA=1\nb.c=2"}, workspace=workspace)

        [note] = spec.notes
        assert "`model.threshold` as `model_threshold`, `b.c` as `b_c`" in note

    def test_what_only_azure_ml_reads_is_told(self, workspace: Path) -> None:
        """It is set, as the script may read it, and has no other effect."""
        spec = read_inputs({**DEPLOY, "app-settings": "WORKER_COUNT=2\nscoring_timeout_ms=5"}, workspace=workspace)

        assert spec.target
        assert ["WORKER_COUNT", "scoring_timeout_ms"] == list(spec.target.app_settings)
        assert ["WORKER_COUNT", "scoring_timeout_ms"] == [note.split("`")[1] for note in spec.notes]
        assert "`FUNCTIONS_WORKER_PROCESS_COUNT` says how many" in spec.notes[0]

    @pytest.mark.parametrize("setting", ["WEBSITES_PORT=5001", "websites_port=8080", "ASPNETCORE_URLS=http://+:5001"])
    def test_a_port_that_the_base_image_does_not_have(self, setting: str, workspace: Path) -> None:
        """It listens at 80 alone; another base image, or a Dockerfile, may be another matter."""
        (workspace / "Dockerfile").write_text("FROM contoso.azurecr.io/base:1\n")
        given = {**DEPLOY, "app-settings": setting}

        assert "listens at port 80" in problems(given, workspace)["app-settings"]
        plain = {"base-image": "mcr.microsoft.com/azure-functions/python:4-python3.12"}
        assert "listens at port 80" in problems({**given, **plain}, workspace)["app-settings"]
        for more in (
            {"base-image": "contoso.azurecr.io/base:1"},
            {"base-image": "mcr.microsoft.com/azure-functions/python:4-python3.12-appservice"},
            {"builder": "docker", "dockerfile": "Dockerfile"},
        ):
            assert read_inputs({**given, **more}, workspace=workspace).target

    @pytest.mark.parametrize("setting", ["WEBSITES_PORT=80", "PORT=8080"])
    def test_a_port_that_changes_nothing(self, setting: str, workspace: Path) -> None:
        """PORT is read by other images."""
        assert read_inputs({**DEPLOY, "app-settings": setting}, workspace=workspace).target
