"""What proves who we are: decided by what is given and by what the host says, and never by trying."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions_model.ci.github import ADVICE
from functions_model.ci.host import Connection, Facts, TokenFile
from functions_model.core.failures import InputsInvalid
from functions_model.core.secrets import Login, LoginKind, Secret
from functions_model.core.spec import DeploymentSpec
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, GUID

OTHER = "ffffffff-0000-4000-8000-00000000000a"
WITHOUT = {name: text for name, text in DEPLOY.items() if name not in {"tenant-id", "client-id"}}
FILE = TokenFile("/var/token", OTHER, OTHER)


def facts(*, job: bool = False, file: TokenFile | None = None, typed: bool = False) -> Facts:
    """What a host says."""
    return Facts(Path("/"), ADVICE, has_identity=job, token_file=file, on_command_line=typed)


def login(workspace: Path, host: Facts, **given: str) -> Login:
    """The login of a deployment; `client_id` is the input `client-id`."""
    inputs = {name.replace("_", "-"): text for name, text in given.items()}
    spec = read_inputs({**WITHOUT, **inputs}, workspace=workspace, facts=host)
    assert spec.login
    return spec.login


class TestOrder:
    @pytest.mark.parametrize(
        ("host", "given", "kind", "client"),
        [
            (facts(job=True, file=FILE), {"tenant_id": GUID, "client_id": GUID}, LoginKind.JOB, GUID),
            (facts(file=FILE), {"tenant_id": GUID, "client_id": GUID}, LoginKind.TOKEN_FILE, GUID),
            (facts(job=True, file=FILE), {}, LoginKind.TOKEN_FILE, OTHER),
            (facts(file=FILE, typed=True), {}, LoginKind.TOKEN_FILE, OTHER),
            (facts(typed=True), {}, LoginKind.AZ, ""),
            (facts(job=True, file=FILE), {"login": "managed-identity"}, LoginKind.MANAGED, ""),
            (facts(typed=True), {"login": "managed-identity", "client_id": GUID}, LoginKind.MANAGED, GUID),
        ],
    )
    def test_of_what_proves_it(
        self, host: Facts, given: dict[str, str], kind: LoginKind, client: str, workspace: Path
    ) -> None:
        """The job's token with a client id, the file's, the person's; the machine's only where it is asked for."""
        found = login(workspace, host, **given)

        assert (kind, client, None) == (found.kind, found.client_id, found.client_secret)

    def test_a_secret_goes_before_all(self, workspace: Path) -> None:
        """It is what the user has given."""
        host = facts(job=True, file=FILE, typed=True)

        found = login(workspace, host, tenant_id=GUID, client_id=GUID, client_secret="hunter2-hunter2")

        assert f"as {GUID} by a client secret" == str(found)


class TestWhatIsMissing:
    @pytest.mark.parametrize("host", [facts(), facts(job=True), facts(file=TokenFile("/var/token"))])
    def test_is_told_where_nothing_knows_it(self, host: Facts, workspace: Path) -> None:
        """Both parts at once."""
        with pytest.raises(InputsInvalid) as failure:
            login(workspace, host)

        assert {"tenant-id", "client-id"} == {problem.subject for problem in failure.value.problems}

    def test_two_ways_at_once_are_refused(self, workspace: Path) -> None:
        """A secret is not what a machine's identity needs."""
        ids = {"tenant_id": GUID, "client_id": GUID, "client_secret": "hunter2-hunter2"}
        with pytest.raises(InputsInvalid, match="login: it cannot be combined with `client-secret`"):
            login(workspace, facts(), login="managed-identity", **ids)

    def test_a_client_id_that_nothing_goes_with_is_told(self, workspace: Path) -> None:
        """The session of az may be somebody else."""
        spec = read_inputs(DEPLOY, workspace=workspace, facts=facts(typed=True))

        assert [True] == ["session of `az login` is used" in note for note in spec.notes]


class TestConnection:
    """`Facts.connection`: what the host's service connection says of Azure."""

    def spec(self, workspace: Path, connection: Connection, typed: bool = False, **given: str) -> DeploymentSpec:
        """A deployment that names neither subscription nor login, in a job that may ask for tokens."""
        inputs = {name: text for name, text in WITHOUT.items() if name != "subscription-id"}
        job = connection == FEDERATED and not typed
        host = Facts(Path("/"), ADVICE, has_identity=job, on_command_line=typed, connection=connection)
        names = {name.replace("_", "-"): text for name, text in given.items()}
        return read_inputs({**inputs, **names}, workspace=workspace, facts=host)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, Login(OTHER, GUID, None, "api://AzureADTokenExchange", "AzureCloud")),
            (
                {"client_secret": Secret("hunter2-hunter2")},
                Login(OTHER, GUID, Secret("hunter2-hunter2"), "api://AzureADTokenExchange", "AzureCloud"),
            ),
            (
                {"managed": True},
                Login("", "", None, "api://AzureADTokenExchange", "AzureCloud", LoginKind.MANAGED),
            ),
            (
                {"cloud": "AzureUSGovernment"},
                Login(OTHER, GUID, None, "api://AzureADTokenExchangeUSGov", "AzureUSGovernment"),
            ),
        ],
        ids=["federated", "secret", "managed", "sovereign"],
    )
    def test_gives_all_of_it(self, workspace: Path, changes: dict[str, Any], expected: Login) -> None:
        """Subscription, tenant, client, scheme and cloud: nobody has to name them."""
        registry = {"registry": "contoso.azurecr.us"} if "cloud" in changes else {}

        spec = self.spec(workspace, replace(FEDERATED, **changes), False, **registry)

        assert spec.target
        assert (OTHER, expected) == (spec.target.names.subscription, spec.login)

    def test_inputs_win(self, workspace: Path) -> None:
        """A login of one's own is taken as a whole: nothing of the connection's is mixed in."""
        secret = {"client_secret": "hunter2-hunter2", "client_id": THIRD, "tenant_id": THIRD}

        spec = self.spec(workspace, FEDERATED, False, subscription_id=THIRD, **secret)

        assert spec.target
        assert spec.login
        assert (THIRD, THIRD, THIRD) == (
            spec.target.names.subscription,
            spec.login.tenant_id,
            spec.login.client_id,
        )

    def test_a_session_of_az_is_enough(self, workspace: Path) -> None:
        """Where the step may not ask for tokens, the command uses what the task has left, without a word."""
        spec = self.spec(workspace, FEDERATED, typed=True)

        assert spec.login
        assert (LoginKind.AZ, ()) == (spec.login.kind, spec.notes)


FEDERATED = Connection(OTHER, OTHER, GUID, cloud="AzureCloud")
THIRD = "eeeeeeee-0000-4000-8000-00000000000a"
