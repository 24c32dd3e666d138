"""What proves who we are: decided by what is given and by what the host says, and never by trying."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.ci.github import ADVICE
from functions_model.ci.host import Facts, TokenFile
from functions_model.core.failures import InputsInvalid
from functions_model.core.secrets import Login, LoginKind
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

        assert [True] == ["session of `az login` counts" in note for note in spec.notes]
