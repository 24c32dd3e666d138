"""A job of Azure Pipelines on this machine: its steps run as the agent and the official tasks run them.

After microsoft/azure-pipelines-agent 42bde98 (variables, macros, endpoints: src/Agent.Worker/Handlers/Handler.cs and
VarUtil.cs) and microsoft/azure-pipelines-tasks 008e04b (Tasks/AzureCLIV2/azureclitask.ts). A step of another kind is
refused.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from support.pipelines_agent import Agent
from support.tools import NODE24

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

_MACRO = re.compile(r"\$\(([^$()]+)\)")
_SECONDS = 280
_NODES = {"Node20_1": "node", "Node24": str(NODE24)}


@dataclass(frozen=True, slots=True)
class ServiceEndpoint:
    """A service connection of the kind Azure Resource Manager, as the agent has it.

    Attributes:
        id: A GUID.
        scheme: `WorkloadIdentityFederation`, `ServicePrincipal` or `ManagedServiceIdentity`.
        parameters: Of its authorisation, by the names of the service: `serviceprincipalid`.
        data: `subscriptionId`, `environment` and others.
        url: Of Azure Resource Manager.
    """

    id: str
    scheme: str
    parameters: Mapping[str, str]
    data: Mapping[str, str]
    url: str

    def public(self) -> dict[str, str]:
        """The variables that azure-pipelines-task-lib leaves to what a task starts."""
        data = {f"ENDPOINT_DATA_{self.id}_{name.upper()}": text for name, text in self.data.items()}
        return {f"ENDPOINT_URL_{self.id}": f"{self.url}/", **data}

    def private(self) -> dict[str, str]:
        """Those that only the task itself sees."""
        named = {f"ENDPOINT_AUTH_PARAMETER_{self.id}_{name.upper()}": text for name, text in self.parameters.items()}
        return {f"ENDPOINT_AUTH_SCHEME_{self.id}": self.scheme, **named}


@dataclass(frozen=True, slots=True)
class StepRun:
    """What a step left behind.

    Attributes:
        code: The exit code of what it started; 0 for a checkout.
        agent: What the agent made of its log.
        raw: The log as it was written.
        published: The files of an artifact, by their paths in it.
    """

    code: int
    agent: Agent
    raw: str
    published: Mapping[str, Path] = field(default_factory=dict)

    @property
    def log(self) -> str:
        """As people see it."""
        return "\n".join(self.agent.log)


@dataclass
class PipelinesJob:
    """A job, in a folder of its own.

    Attributes:
        folder: `$(Pipeline.Workspace)`.
        connections: By their names.
        repositories: Their files, by alias; `self` is the pipeline's own.
        variables: Of the pipeline, by name.
        secret: The names of those that are secret.
        trust: The machine's own variables, beside those of this process.
        tasks: Folders of tasks for Node, by `<name>@<version>`.
        node: The newest Node.js that the agent has, as `task.json` calls it.
        cancel_at: A text; the run is cancelled when a step has written it.
    """

    folder: Path
    connections: dict[str, ServiceEndpoint]
    repositories: dict[str, Path]
    variables: dict[str, str] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    trust: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, Path] = field(default_factory=dict)
    node: str = "Node20_1"
    cancel_at: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        self.variables = {
            "TF_BUILD": "True",
            "Pipeline.Workspace": str(self.folder),
            "Agent.TempDirectory": str(self.folder / "tmp"),
            "Build.SourcesDirectory": str(self.folder / "s"),
            "System.DefaultWorkingDirectory": str(self.folder / "s"),
            "Build.SourceVersion": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
            "Build.Repository.Uri": "https://contoso@dev.azure.com/contoso/models/_git/churn",
            "Build.BuildId": "7",
            "System.TeamFoundationCollectionUri": "https://dev.azure.com/contoso/",
            "System.TeamProjectId": "11111111-2222-3333-4444-555555555555",
            **self.variables,
        }
        self.secret.add("System.AccessToken")

    def run(self, steps: list[dict[str, Any]]) -> dict[str, StepRun]:
        """Run them in turn, to the first that fails; the runs by the steps' names."""
        runs: dict[str, StepRun] = {}
        for number, step in enumerate(steps):
            name = step.get("name", f"step{number}")
            runs[name] = self._step(step)
            self.variables |= {f"{name}.{output}": text for output, text in runs[name].agent.outputs.items()}
            if runs[name].code:
                break
        return runs

    def expanded(self, text: str) -> str:
        """With the value of each `$(name)`; a name that is none stays as it is."""
        known = {name.lower(): name for name in self.variables}

        def value(match: re.Match[str]) -> str:
            name = known.get(match[1].lower())
            return match[0] if name is None else self.expanded(self.variables[name])

        return _MACRO.sub(value, text)

    def _step(self, step: dict[str, Any]) -> StepRun:
        match step:
            case {"checkout": str(alias), "path": str(path)}:
                shutil.copytree(self.repositories[alias], self.folder / path, symlinks=True, dirs_exist_ok=True)
                return StepRun(0, Agent(), "")
            case {"publish": str(place), "artifact": str(_)}:
                folder = Path(self.expanded(place))
                files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
                return StepRun(0, Agent(), "", files)
            case {"bash": str(script)}:
                return self._bash(self.expanded(script), self._environ(step))
            case {"task": "AzureCLI@2", "inputs": inputs}:
                return self._azure_cli(inputs, self._environ(step))
            case {"task": str(task), "inputs": inputs} if task in self.tasks:
                return self._node(self.tasks[task], inputs, self._environ(step))
        message = f"a step of this kind is not known here: {sorted(step)}"
        raise ValueError(message)

    def _environ(self, step: dict[str, Any]) -> dict[str, str]:
        """The machine's, the public variables, and what the step names."""
        public = {name: text for name, text in self.variables.items() if not self._is_secret(name)}
        named = {name.replace(".", "_").upper(): self.expanded(text) for name, text in public.items()}
        own = {name: self.expanded(text) for name, text in step.get("env", {}).items()}
        machine = {name: text for name, text in os.environ.items() if not name.startswith(("GITHUB_", "ACTIONS_"))}
        return {**machine, **self.trust, **named, **own}

    def _is_secret(self, name: str) -> bool:
        """Whether it is, or a variable that it is made of (src/Agent.Worker/Variables.cs, `RecalculateExpanded`)."""
        return name in self.secret or any(self._is_secret(one) for one in _MACRO.findall(self.variables.get(name, "")))

    def _bash(self, script: str, environ: dict[str, str]) -> StepRun:
        file = self.folder / "tmp" / f"{uuid.uuid4()}.sh"
        file.write_text(script)
        return self._process(["bash", str(file)], environ)

    def _process(self, words: list[str], environ: dict[str, str]) -> StepRun:
        """What a step starts, as src/Agent.Sdk/ProcessInvoker.cs has it: told to stop by SIGINT, then by SIGTERM."""
        lines = []
        with subprocess.Popen(
            words, cwd=self.folder / "s", env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            guards = [threading.Timer(_SECONDS, process.kill)]
            assert process.stdout
            guards[0].start()
            for line in process.stdout:
                lines.append(line)
                if self.cancel_at and self.cancel_at in line and len(guards) == 1:
                    process.send_signal(signal.SIGINT)
                    guards += [threading.Timer(7.5, process.terminate), threading.Timer(10, process.kill)]
                    guards[1].start()
                    guards[2].start()
            code = process.wait()
            for guard in guards:
                guard.cancel()
        agent = Agent(secrets=[self.expanded(self.variables[name]) for name in self.secret if name in self.variables])
        return StepRun(code, agent.read("".join(lines)), "".join(lines))

    def _node(self, folder: Path, inputs: Mapping[str, str], environ: dict[str, str]) -> StepRun:
        """The service puts a connection's id in the place of its name, and an input's name in that of its alias."""
        task = json.loads((folder / "task.json").read_text())
        names = {
            alias.lower(): one["name"] for one in task["inputs"] for alias in (one["name"], *one.get("aliases", []))
        }
        given = {names.get(name.lower(), name): self.expanded(text) for name, text in inputs.items()}
        defaults = {one["name"]: one.get("defaultValue", "") for one in task["inputs"]}
        [connected] = [one["name"] for one in task["inputs"] if one["type"].startswith("connectedService:")]
        endpoint = self.connections[given[connected]]
        values = {**defaults, **given, connected: endpoint.id}
        system = {"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": self.variables["System.AccessToken"]}
        told = {f"INPUT_{name.upper()}": text for name, text in values.items()}
        handler = task["execution"][self.node]["target"]
        run = self._process(
            [_NODES[self.node], str(folder / handler)],
            {**environ, **told, **endpoint.public(), **endpoint.private(), **system},
        )
        allowed = task["restrictions"]["settableVariables"]["allowed"]
        outputs = {name: text for name, text in run.agent.outputs.items() if name in allowed}
        failed = run.code or int("Failed" in run.agent.results)
        return StepRun(failed, replace(run.agent, outputs=outputs), run.raw)

    def _azure_cli(self, inputs: Mapping[str, str], environ: dict[str, str]) -> StepRun:
        """The task logs in, and starts the script with what its scheme gives."""
        if (inputs["scriptType"], inputs["scriptLocation"]) != ("bash", "inlineScript"):
            message = "another script than one of bash, inline, is not known here"
            raise ValueError(message)
        endpoint = self.connections[self.expanded(inputs["azureSubscription"])]
        login = self._login(endpoint, with_spn=inputs.get("addSpnToEnvironment") == "true")
        return self._bash(self.expanded(inputs["inlineScript"]), {**environ, **endpoint.public(), **login})

    def _login(self, endpoint: ServiceEndpoint, *, with_spn: bool) -> dict[str, str]:
        given = endpoint.parameters
        if endpoint.scheme == "ManagedServiceIdentity":
            return {}
        who = {"servicePrincipalId": given["serviceprincipalid"], "tenantId": given["tenantid"]}
        if endpoint.scheme == "ServicePrincipal":
            return {**who, "servicePrincipalKey": given["serviceprincipalkey"]} if with_spn else {}
        session = {
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": endpoint.id,
            "AZURESUBSCRIPTION_CLIENT_ID": given["serviceprincipalid"],
            "AZURESUBSCRIPTION_TENANT_ID": given["tenantid"],
        }
        return {**session, **who, "idToken": self._identity_token(endpoint.id)} if with_spn else session

    def _identity_token(self, connection: str) -> str:
        answer = requests.post(
            self.variables["System.OidcRequestUri"],
            params={"api-version": "7.1", "serviceConnectionId": connection},
            headers={"Authorization": f"Bearer {self.variables['System.AccessToken']}"},
            verify=self.trust["REQUESTS_CA_BUNDLE"],
            timeout=30,
        )
        return str(answer.json()["oidcToken"])


def connection_to(sandbox: Sandbox, scheme: str) -> ServiceEndpoint:
    """A service connection to a sandbox, of that scheme. A sandbox is a cloud of its own, as Azure Stack is."""
    ends = sandbox.endpoints
    who = {"serviceprincipalid": ends.client_id, "tenantid": ends.tenant_id}
    parameters = {
        "WorkloadIdentityFederation": who,
        "ServicePrincipal": {**who, "authenticationtype": "spnKey", "serviceprincipalkey": ends.client_secret},
        "ManagedServiceIdentity": {"tenantid": ends.tenant_id},
    }
    data = {"subscriptionId": ends.subscription_id, "subscriptionName": "sandbox", "environment": "AzureStack"}
    identity = sandbox.azure_devops.connection_id
    return ServiceEndpoint(identity, scheme, parameters[scheme], data, ends.resource_manager)
