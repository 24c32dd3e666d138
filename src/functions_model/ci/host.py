"""What every CI host can do, as one interface, and what it says of a run: facts, and advice to people who use it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from functions_model.core.failures import Location
from functions_model.core.secrets import Secret

LONGEST_JOB = 6 * 60 * 60
"""Seconds; a job on a hosted runner is ended after six hours."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Whole sentences for messages, in the words of the host.

    Attributes:
        identity: How a job gets an identity token.
        subject: What to know of the subject that such a token names.
        one_at_a_time: How to let one deployment at a time go to an app.
    """

    identity: str
    subject: str
    one_at_a_time: str


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file that keeps an identity token, as workload identity gives it to any job.

    https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html.

    Attributes:
        path: Where it is.
        client_id: Whose federated credential it is for; empty where that is not said.
        tenant_id: The same tenant's; empty where that is not said.
    """

    path: str
    client_id: str = ""
    tenant_id: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """What the host keeps of a connection to Azure. A text is empty where it does not say.

    Attributes:
        subscription_id: A GUID.
        tenant_id: A GUID.
        client_id: A GUID.
        client_secret: None where something else proves it.
        managed: The machine's own identity proves it.
        cloud: A name, or the URL of an Azure Resource Manager.
    """

    subscription_id: str = ""
    tenant_id: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    managed: bool = False
    cloud: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a host says of a run. A text is empty where the host does not say.

    Attributes:
        workspace: The folder with the repository.
        advice: For people who use the host.
        host_workspaces: The same folder as steps outside of our container name it; none where there is no such name.
        source: The address of the repository.
        revision: The commit.
        run_url: The page of the run.
        inputs: The step's own, by their names; empty texts for those that are not given.
        variable: The variable that an input comes in, for messages; `{}` stands for the input's name in upper case.
        summary: The file that the run's page is appended to; None where there is no page.
        outputs: The file that outputs are appended to for whoever reads dotenv files; None where nobody wants it.
        has_identity: Whether an identity token can be asked for.
        token_file: Where an identity token is kept for the job; None where none is.
        connection: To Azure, that people have named to the host for this step; None where none is.
        on_command_line: Whether a person, or a script of theirs, has typed the command: a session of `az` is theirs.
        has_terminal: Whether the log is a terminal that a person looks at, where lines may be drawn again.
        has_colours: Whether that terminal may be written to in colours.
        is_brief: Whether what only a machine, or whoever looks for a fault, needs is left out.
        masked_outputs: What becomes of an output that holds a text which people mask, and the way out, in whole
            sentences; empty where nothing becomes of it.
        debug: Whether people have asked the host for all there is to know.
    """

    workspace: Path
    advice: Advice
    host_workspaces: tuple[str, ...] = ()
    source: str = ""
    revision: str = ""
    run_url: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    variable: str = "{}"
    summary: Path | None = None
    outputs: Path | None = None
    has_identity: bool = False
    token_file: TokenFile | None = None
    connection: Connection | None = None
    on_command_line: bool = False
    has_terminal: bool = False
    has_colours: bool = False
    is_brief: bool = False
    masked_outputs: str = ""
    debug: bool = False


class Level(enum.StrEnum):
    """How grave an annotation is."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class CiHost(Protocol):
    """The host's facts and commands. Every method may be called from any thread."""

    @property
    def facts(self) -> Facts:
        """What the host says of the run; the same at all times."""

    def scrub(self, text: str) -> str:
        """The text as it may be shown, for whoever writes past this host.

        It has `***` for every masked value and for what is shaped like a secret, and nothing that a terminal obeys.
        """

    def holds_masked(self, text: str) -> bool:
        """Whether a masked value is in the text: of use to a machine only as it is, it is not to be written at all."""

    def mask(self, value: str) -> None:
        """Never show this value in any later line of the log. Call it as soon as the value exists."""

    def info(self, text: str) -> None:
        """One line, or several, for the log."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """A foldable part of the log. Its duration is shown when it ends."""

    def unfold(self) -> None:
        """End the fold that is open: what follows must be seen."""

    def annotate(self, level: Level, message: str, location: Location | None = None, *, minor: bool = False) -> None:
        """A message that stands out, on the user's own file and line where one is given.

        A host that keeps few of a level shows those first that are not `minor`.
        """

    def tell_annotations(self) -> None:
        """Write those that the host has held until the end of the run; call it whatever happened."""

    def output(self, name: str, value: str) -> bool:
        """A step output that a later step can read; whether it was written.

        One that holds a masked value is left out, with a warning that names it.
        """

    def summary(self, markdown: str) -> None:
        """A page that is shown with the run."""

    def identity_token(self, audience: str) -> str:
        """A fresh OIDC token of this job for that audience, masked already.

        Raises:
            LoginFailed: The host has none to give; the message says which permission is missing.
        """
