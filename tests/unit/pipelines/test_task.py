"""The task `FunctionsModelDeploy@1`: its definition, and what it starts."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions_model.inputs.catalogue import CATALOGUE, OUTPUTS
from functions_model.inputs.sources import own_variable
from support.pipelines_agent import Agent
from support.task_documents import EXTENSION, FOLDER, NAMES, TASK
from support.tools import NODE24, ROOT, TFX

OF_THE_CONNECTION = {"tenant-id", "client-id", "client-secret", "login", "audience", "cloud"}
SECRET = "nobody-sees-this"
CONNECTION = "66666666-7777-8888-9999-00000000abcd"
IMAGE = "ghcr.io/contoso/action@sha256:abc"


def definition() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TASK.read_text())
    return found


class TestDefinition:
    """`task.json`."""

    def test_has_every_input_and_output(self) -> None:
        """But for what the service connection says."""
        taken = {own_variable(spec.name) for spec in CATALOGUE if spec.name not in OF_THE_CONNECTION}
        names = json.loads(NAMES.read_text())

        assert taken == set(names.values())
        assert [*names] == [one["name"] for one in definition()["inputs"]][1:]
        assert len(OUTPUTS) == len(definition()["outputVariables"])

    def test_names_are_those_that_azure_devops_takes(self) -> None:
        """Letters and digits; tfx does not look."""
        task = definition()
        named = [one["name"] for one in (*task["inputs"], *task["outputVariables"])]

        assert [] == [name for name in named if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name)]
        assert len({name.lower() for name in named[: len(task["inputs"])]}) == len(task["inputs"])
        assert len(task["friendlyName"]) <= 40

    def test_users_of_microsofts_task_know_its_inputs(self) -> None:
        """`AzureFunctionAppContainer@1`."""
        names = {one["name"] for one in definition()["inputs"]}

        assert {"azureSubscription", "appName", "resourceGroupName", "slotName", "appSettings"} <= names
        assert set() == {"deployToSlotOrASE", "imageName", "containerCommand"} & names

    @pytest.mark.parametrize(
        "page", [ROOT / "docs" / "how-to" / "azure-pipelines.md", EXTENSION / "overview.md"], ids=lambda path: path.name
    )
    def test_the_documents_give_inputs_that_are_there(self, page: Path) -> None:
        """And read output variables that are there."""
        task = definition()
        names = {name for one in task["inputs"] for name in (one["name"], *one.get("aliases", []))}
        outputs = {one["name"] for one in task["outputVariables"]}
        blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
        steps = [step for block in blocks for step in yaml.safe_load(block).get("steps", [])]
        given = [step["inputs"] for step in steps if step.get("task") == "FunctionsModelDeploy@1"]

        assert given
        assert set() == {name for inputs in given for name in inputs} - names
        assert set() == set(re.findall(r"\$\((?:deploy|functionsModel)\.(\w+)\)", page.read_text())) - outputs

    def test_an_input_shows_where_it_can_be_used(self) -> None:
        """Rules name inputs and choices that are there; groups, too."""
        task = definition()
        inputs = {one["name"]: one for one in task["inputs"]}
        groups = {one["name"] for one in task["groups"]}
        rules = [
            re.findall(r"(\w+) !?= ([\w-]+)", one["visibleRule"]) for one in inputs.values() if "visibleRule" in one
        ]

        assert "trigger = service-bus-queue" == inputs["inputQueueName"]["visibleRule"]
        assert "trigger != blob && trigger != service-bus-queue" == inputs["authLevel"]["visibleRule"]
        assert all(choice in inputs[name]["options"] for rule in rules for name, choice in rule)
        assert set() == {one["groupName"] for one in inputs.values() if "groupName" in one} - groups

    def test_it_sets_its_outputs_and_no_other_variable(self) -> None:
        """The agent refuses the others."""
        task = definition()

        assert [one["name"] for one in task["outputVariables"]] == task["restrictions"]["settableVariables"]["allowed"]
        assert {"Node20_1", "Node24"} == set(task["execution"])

    def test_the_extension_has_the_task(self) -> None:
        """Its folder, its icons and its page are there."""
        manifest = json.loads((EXTENSION / "vss-extension.json").read_text())
        [contribution] = manifest["contributions"]

        assert FOLDER.name == contribution["properties"]["name"]
        assert [] == [
            name for name in ("icon.png", "overview.md", f"{FOLDER.name}/icon.png") if not (EXTENSION / name).is_file()
        ]


@dataclass
class Machine:
    """An agent's machine with programs of ours, which write down what they are started with."""

    folder: Path
    node: str

    def program(self, name: str, script: str = "") -> None:
        """A program on `PATH`."""
        file = self.folder / "bin" / name
        file.parent.mkdir(exist_ok=True)
        log = self.folder / name
        file.write_text(f'#!/bin/bash\necho "$@" >> {log}\n/usr/bin/env > {log}.env\n{script}\n')
        file.chmod(0o755)

    def told(self, name: str) -> list[str]:
        """Its command lines."""
        file = self.folder / name
        return file.read_text().splitlines() if file.is_file() else []

    def environ(self, name: str) -> dict[str, str]:
        """The variables of its last start."""
        lines = (self.folder / f"{name}.env").read_text().splitlines()
        return {one: text for one, found, text in (line.partition("=") for line in lines) if found}

    def start(self, *options: str, **inputs: str) -> subprocess.Popen[str]:
        """The task, in a copy of its folder."""
        task = shutil.copytree(FOLDER, self.folder / "task", dirs_exist_ok=True)
        if not (task / "image.txt").exists():
            (task / "image.txt").write_text(f"{IMAGE}\n")
        environ = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "PIPELINE_WORKSPACE": str(self.folder / "1"),
            "BUILD_SOURCESDIRECTORY": str(self.folder),
            "AGENT_TEMPDIRECTORY": str(self.folder / "tmp"),
            "TF_BUILD": "True",
            "HOME": "/home/agent",
            "OTHER": "x",
            f"ENDPOINT_AUTH_PARAMETER_{CONNECTION}_SERVICEPRINCIPALKEY": SECRET,
            f"ENDPOINT_DATA_{CONNECTION}_ENVIRONMENT": "AzureCloud",
            **{f"INPUT_{name.upper()}": text for name, text in inputs.items()},
        }
        return subprocess.Popen(
            [self.node, *options, str(task / "index.js")],
            env=environ,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str, **inputs: str) -> tuple[int, Agent]:
        """Its exit code, and what the agent makes of its log."""
        process = self.start(*options, **inputs)
        log = process.communicate(timeout=30)[0]
        return process.returncode, Agent().read(log)


@pytest.fixture(params=["node", pytest.param(str(NODE24), marks=pytest.mark.needs("node24"))], ids=["20", "24"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """With each Node.js that the task names: an agent takes the newest that it has."""
    found = Machine(tmp_path, request.param)
    found.program("bash")
    return found


MICROSOFTS = """
const {{ TaskMockRunner }} = require({library});
const runner = new TaskMockRunner(process.argv[2]);
for (const [name, text] of Object.entries({inputs})) runner.setInput(name, text);
runner.run(true);
"""
STOPPED = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit("stopped"))
print("begun", flush=True)
time.sleep(20)
"""
ENGINE = '[ "$1" != version ] || echo linux'


@pytest.mark.needs("node")
class TestStart:
    """`index.js`: what it starts, with what."""

    def test_the_image_where_docker_is(self, machine: Machine) -> None:
        """Names of variables on the command line, values in the environment; paths are the same inside and outside."""
        machine.program("docker", ENGINE)

        code, agent = machine.run(azureSubscription=CONNECTION, appName="scorer", appSettings=f"-KEY {SECRET}")

        words = machine.told("docker")[-1]
        assert (0, []) == (code, agent.results)
        assert words.startswith("run --rm --network host --user ")
        assert words.endswith(f" {IMAGE} step")
        mounts = [str(machine.folder / "1"), str(machine.folder / "tmp")]
        assert [f"{one}:{one}" for one in mounts] == re.findall(r"--volume (\S+)", words)
        passed = re.findall(r"--env (\S+)", words)
        assert {"FUNCTIONS_MODEL_APP_NAME", "FUNCTIONS_MODEL_APP_SETTINGS", "TF_BUILD"} <= set(passed)
        assert f"ENDPOINT_AUTH_PARAMETER_{CONNECTION}_SERVICEPRINCIPALKEY" in passed
        assert set() == {"PATH", "HOME", "OTHER", "FUNCTIONS_MODEL_REGISTRY"} & set(passed)
        assert not [line for line in machine.told("docker") if SECRET in line or "scorer" in line]
        assert f"-KEY {SECRET}" == machine.environ("docker")["FUNCTIONS_MODEL_APP_SETTINGS"]

    @pytest.mark.parametrize(
        "script",
        ["exit 1", '[ "$1" != version ] || echo windows', f'{ENGINE}\n[ "$1" = version ]'],
        ids=["no engine", "another system", "no image"],
    )
    def test_the_agent_itself_where_it_is_not(self, machine: Machine, script: str) -> None:
        """The tool that comes with the task is installed there; `bash`, as `sh` would drop the connection."""
        machine.program("docker", script)

        code, agent = machine.run(azureSubscription=CONNECTION, resourceGroupName="models")

        assert (0, []) == (code, agent.results)
        assert [f"{machine.folder}/task/tool/native/run step"] == machine.told("bash")
        assert "models" == machine.environ("bash")["FUNCTIONS_MODEL_RESOURCE_GROUP"]
        assert "AzureCloud" == machine.environ("bash")[f"ENDPOINT_DATA_{CONNECTION}_ENVIRONMENT"]

    @pytest.mark.needs("tfx")
    def test_microsofts_own_runner_of_tasks_starts_it(self, machine: Machine) -> None:
        """`azure-pipelines-task-lib` gives inputs the names that the agent gives them."""
        machine.program("docker", "exit 1")
        library = TFX.parents[1] / "azure-pipelines-task-lib" / "mock-run"
        inputs = {"azureSubscription": CONNECTION, "resourceGroupName": "models", "appSettings": "-A one"}
        script = machine.folder / "runner.js"
        script.write_text(MICROSOFTS.format(library=json.dumps(str(library)), inputs=json.dumps(inputs)))

        code, agent = machine.run(str(script))

        given = machine.environ("bash")
        assert (0, []) == (code, agent.results)
        assert ("models", "-A one") == (given["FUNCTIONS_MODEL_RESOURCE_GROUP"], given["FUNCTIONS_MODEL_APP_SETTINGS"])

    def test_certificates_of_the_machine_go_along(self, machine: Machine) -> None:
        """A proxy's, say: the file is there in the container, too, and nobody writes into it."""
        machine.program("docker", ENGINE)
        bundle = machine.folder / "ca.pem"
        bundle.touch()
        authorities = machine.folder / "authorities"
        authorities.mkdir()
        named = {"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_DIR": f"/nowhere:{authorities}"}
        preload = machine.folder / "preload.js"
        preload.write_text("".join(f"process.env.{name} = '{value}';" for name, value in named.items()))

        machine.run("--require", str(preload), azureSubscription=CONNECTION)

        told = machine.told("docker")[-1]
        assert 1 == told.count(f"--volume {bundle}:{bundle}:ro")
        assert f"--volume {authorities}:{authorities}:ro" in told
        assert "--env SSL_CERT_DIR" in told

    def test_a_failure_is_told_by_a_command(self, machine: Machine) -> None:
        """An exit code would mean that the agent is broken."""
        machine.program("docker", "exit 1")
        machine.program("bash", "exit 3")

        code, agent = machine.run(azureSubscription=CONNECTION)

        assert (0, ["Failed"]) == (code, agent.results)

    def test_a_cancel_reaches_the_tool(self, machine: Machine) -> None:
        """The agent tells the task alone; all that it has started must end."""
        machine.program("docker", "exit 1")
        machine.program("bash", f"exec {sys.executable} -c '{STOPPED}'")

        process = machine.start(azureSubscription=CONNECTION)
        assert process.stdout
        begun = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)[0]

        assert ("begun\n", True, 0) == (begun, rest.startswith("stopped\n"), process.returncode)

    @pytest.mark.parametrize(
        ("name", "instead"),
        [
            ("deployToSlotOrASE", "`slotName` alone chooses a slot"),
            ("imageName", "`registry` and `repositoryName` say where it goes"),
            ("containerCommand", "starts the Functions host by itself"),
        ],
    )
    def test_inputs_of_microsofts_task_that_are_none_here(self, machine: Machine, name: str, instead: str) -> None:
        """They are refused with what replaces them, and nothing is started."""
        code, agent = machine.run(azureSubscription=CONNECTION, **{name: "true"})

        assert (0, ["Failed"], []) == (code, agent.results, machine.told("bash"))
        [issue] = agent.kept("error")
        assert issue.message.startswith(f"{name}: this task has no such input. Remove it")
        assert instead in issue.message

    @pytest.mark.parametrize("system", ["win32", "darwin"])
    def test_other_systems_are_refused(self, machine: Machine, system: str) -> None:
        """With a sentence that says which agent to use."""
        preload = machine.folder / "preload.js"
        preload.write_text(f"Object.defineProperty(process, 'platform', {{ value: '{system}' }});")

        code, agent = machine.run("--require", str(preload), azureSubscription=CONNECTION)

        assert (0, ["Failed"], []) == (code, agent.results, machine.told("bash"))
        assert "Use an agent on Linux" in agent.kept("error")[0].message

    def test_what_is_written_cannot_be_a_second_command(self, machine: Machine) -> None:
        """A refusal names inputs by our own words, and never by their values."""
        _code, agent = machine.run(imageName="x\n##vso[task.setvariable variable=A]b", azureSubscription=CONNECTION)

        assert ["task.logissue", "task.complete"] == agent.commands
