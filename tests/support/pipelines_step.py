"""Runs of the product as a step of Azure Pipelines with a service connection, by the door of template and task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.deployment import Run
from support.pipelines_agent import Agent
from support.pipelines_job import connection_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.sandbox import Sandbox

_OF_THE_CONNECTION = frozenset({"subscription-id", "tenant-id", "client-id", "cloud"})
"""Inputs that a service connection stands for."""
_SETS_SECRET = "##vso[task.setsecret]"
COMMANDS = frozenset({"task.setsecret", "task.setvariable", "task.logissue", "task.uploadsummary"})
"""Those of a run."""


@dataclass(frozen=True, slots=True)
class PipelinesRun(Run):
    """What a step left behind.

    Attributes:
        agent: What the agent made of its log.
    """

    agent: Agent

    @property
    def shown(self) -> str:
        """Everything a person can see, by what the run itself left out of it."""
        log = "\n".join(line for line in self.log.splitlines() if not line.startswith(_SETS_SECRET))
        return "\n".join([log, *self.outputs.values(), self.summary])

    @property
    def masked(self) -> tuple[str, ...]:
        """Every value that the run asked the agent to mask."""
        return tuple(self.agent.secrets)

    @property
    def errors(self) -> list[str]:
        """The issues of the run."""
        return [issue.message for issue in self.agent.kept("error")]

    @property
    def astray(self) -> list[str]:
        """What the agent was told that no run tells it."""
        agent = self.agent
        unknown = [name for name in agent.commands if name not in COMMANDS]
        return [*unknown, *agent.complaints, *agent.results, *agent.variables]


class AzurePipelines:
    """A job with a service connection to a sandbox by workload identity federation.

    Like `GitHub`, it says of no commit: a deployment is the same by either.

    Args:
        sandbox: Where the connection leads.
    """

    word = "step"
    leaves_out = ("GITHUB_", "ACTIONS_")

    def __init__(self, sandbox: Sandbox) -> None:
        connection, devops = connection_to(sandbox, "WorkloadIdentityFederation"), sandbox.azure_devops
        self._token = devops.access_token
        self._own = {
            "TF_BUILD": "True",
            "BUILD_BUILDID": "7",
            "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/contoso/",
            "SYSTEM_TEAMPROJECTID": "11111111-2222-3333-4444-555555555555",
            "SYSTEM_ACCESSTOKEN": devops.access_token,
            "SYSTEM_OIDCREQUESTURI": f"{sandbox.endpoints.resource_manager}{devops.path}",
            **connection.public(),
            **connection.private(),
        }

    def variables(self, workspace: Path, folder: Path) -> dict[str, str]:
        """What the agent and the task set."""
        return {**self._own, "BUILD_SOURCESDIRECTORY": str(workspace), "AGENT_TEMPDIRECTORY": str(folder)}

    def given(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """`FUNCTIONS_MODEL_APP_NAME`; the connection knows who logs in, and where."""
        return {
            f"FUNCTIONS_MODEL_{name.replace('-', '_').upper()}": value
            for name, value in inputs.items()
            if name not in _OF_THE_CONNECTION
        }

    def secrets(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """The job's own token."""
        return (self._token,)

    def read(self, code: int, log: str, folder: Path) -> PipelinesRun:
        """The log, as the agent reads it."""
        agent = Agent().read(log)
        outputs = {re.sub("([A-Z])", r"-\1", name).lower(): value for name, value in agent.outputs.items()}
        pages = [Path(page).read_text() for page in agent.summaries if Path(page).is_file()]
        return PipelinesRun(code, log, outputs, "\n".join(pages), agent)
