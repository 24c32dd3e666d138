"""`functions-model init`, and then a push: the workflow that it writes, run as it is, to a live answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from functions_model.cli import main
from support.act import commit, copy_action, run_workflow
from support.engine import CA_BUNDLE, ensure_images
from support.project import ECHO_SCRIPT
from support.repositories import Shape, write_shape
from support.terminal import shown
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.act import WorkflowRun

DESCRIBED = """\
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema


def init():
    pass


@input_schema("data", StandardPythonParameterType([1, 2]))
def run(data):
    return {"sum": sum(data)}
"""
BLUE = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: echo
model:
  path: model
code_configuration:
  code: serving
  scoring_script: score.py
"""
SHAPES = {
    "layout": Shape(
        {
            "serving/score.py": f"import greeting\n{ECHO_SCRIPT}".replace(
                '"model": model', '"model": greeting.of(model)'
            ),
            "src/greeting/__init__.py": 'def of(name):\n    return f"hello {name}"\n',
            "model/weights.txt": "first",
            "sample.json": '{"x": 1}',
        },
        {},
    ),
    "described": Shape({"score.py": DESCRIBED}, {}),
    "blue": Shape({"blue.yml": BLUE, "serving/score.py": ECHO_SCRIPT, "model/weights.txt": "second"}, {}),
}
ANSWERS = {
    "layout": ({"x": 2}, {"model": "hello first", "got": {"x": 2}}),
    "described": ({"data": [3, 4]}, {"sum": 7}),
    "blue": ({"x": 3}, {"model": "second", "got": {"x": 3}}),
}
_VARIABLES = {
    "AZURE_SUBSCRIPTION_ID": "subscription-id",
    "AZURE_TENANT_ID": "tenant-id",
    "AZURE_CLIENT_ID": "client-id",
}


@pytest.fixture(scope="module")
def pushed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> WorkflowRun:
    """One push to a repository with three models, each with its own workflow."""
    ensure_images()
    top, action = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("action")
    copy_action(action)
    (top / ".git").mkdir()
    inputs = sandbox.endpoints.inputs()
    for name, shape in SHAPES.items():
        folder = write_shape(shape, top / name)
        here = {one: inputs[one] for one in ("cloud", "registry", "base-image", "python-version")}
        known = {**here, "app-name": f"init-{name}", "resource-group": "init", "auth-level": "anonymous"}
        (folder / "inputs.yml").write_text("".join(f"{one}: '{value}'\n" for one, value in known.items()))
        assert 0 == main(["init", str(folder), "--yes", "--force", "--action", "contoso/functions-model-action@v1"])
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (top / "certificates.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
    (top / ".git").rmdir()
    commit(top)
    certificates = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(top / "certificates.pem"))
    return run_workflow(
        top,
        sandbox.endpoints.environ() | certificates,
        variables={name: inputs[value] for name, value in _VARIABLES.items()},
        local={"contoso/functions-model-action@v1": action},
    )


@pytest.mark.exhaustive
@pytest.mark.needs("docker", "act", "mmdebstrap")
@pytest.mark.parametrize("name", SHAPES)
def test_a_push_is_live(name: str, pushed: WorkflowRun, sandbox: Sandbox) -> None:
    """A src layout, a script that describes its request, a deployment file of Azure ML."""
    assert 0 == pushed.code, pushed.log
    told = (record for record in pushed.records if record.get("command") == "set-output")
    url = {record["job"].partition("/")[0]: record["arg"] for record in told if record["name"] == "scoring-url"}
    request, answer = ANSWERS[name]

    found = requests.post(url[f"deploy init-{name}"], json=request, verify=str(sandbox.endpoints.ca_bundle), timeout=60)

    assert answer == found.json()


@pytest.mark.exhaustive
def test_on_a_terminal(tmp_path: Path) -> None:
    """Each question with its guess; what is typed counts; at the end `try` is offered."""
    write_shape(SHAPES["layout"], tmp_path)
    program = str(ROOT / ".venv" / "bin" / "functions-model")
    questions = ("Model", "Entry script", "Sample request", "Trigger", "Name of the app", "Resource group")
    more = ("Azure region", "Container registry", "Where it is", "The repository", "Try it now")
    typed = [(text, "eastus2" if text == "Azure region" else "") for text in (*questions, *more)]
    run = shown([program, "init"], columns=100, cwd=tmp_path, answers=typed)

    assert 0 == run.code, run.text
    assert "Entry script [serving/score.py]:" in run.text
    assert "location: eastus2" in (tmp_path / "inputs.yml").read_text()
    assert "import-roots: src" in (tmp_path / "inputs.yml").read_text()
