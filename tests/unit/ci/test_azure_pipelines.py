"""`AzurePipelinesHost`: what the agent of Azure Pipelines makes of what it is told."""

from __future__ import annotations

import http.server
import io
import json
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.ci import detect, in_a_job, outside
from functions_model.ci.azure_pipelines import ADVICE, AzurePipelinesHost, harmless, pipeline_facts
from functions_model.ci.github import GitHubHost
from functions_model.ci.host import Connection, Facts, Level
from functions_model.core.failures import Location, LoginFailed
from support.pipelines_agent import Agent

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = {
    "TF_BUILD": "True",
    "BUILD_SOURCESDIRECTORY": "/agent/_work/1/s",
    "BUILD_SOURCEVERSION": "abc",
    "BUILD_REPOSITORY_URI": "https://contoso@dev.azure.com/contoso/models/_git/churn",
    "BUILD_BUILDID": "7",
    "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/contoso/",
    "SYSTEM_TEAMPROJECTID": "11111111-2222-3333-4444-555555555555",
    "SYSTEM_DEBUG": "True",
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/_apis/oidctoken",
    "SYSTEM_ACCESSTOKEN": "t",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "66666666-7777-8888-9999-000000000000",
}
"""What the agent sets for a step of `AzureCLI@2` that is given the job's token."""
AWKWARD = "100 % of [a;b]\r\nnext %3B %AZP25 ]"


def pipelines(tmp_path: Path, **environ: str) -> tuple[AzurePipelinesHost, io.StringIO]:
    stream = io.StringIO()
    given = {"BUILD_SOURCESDIRECTORY": str(tmp_path), "AGENT_TEMPDIRECTORY": str(tmp_path), **environ}
    return AzurePipelinesHost(given, stream, clock=iter(range(99)).__next__, pause=lambda _: None), stream


@contextmanager
def oidc(answers: list[tuple[int, object]], seen: list[tuple[str, str, dict[str, str]]]) -> Iterator[str]:
    """Azure DevOps' endpoint for identity tokens, which gives these answers in turn."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append((self.command, self.path, dict(self.headers)))
            status, body = answers.pop(0)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/oidctoken"
        server.shutdown()


class TestCommands:
    """What is told comes out whole."""

    def test_groups_are_folded_and_timed(self, tmp_path: Path) -> None:
        """The duration stands below the fold; a group within one is a line."""
        host, stream = pipelines(tmp_path)

        with host.group("Build"), host.group("Layers"):
            host.info("a layer")

        expected = ["##[group]Build", "Layers", "a layer", "Layers: 1.0 s", "##[endgroup]", "Build: 3.0 s", ""]
        assert stream.getvalue().split("\n") == expected
        assert Agent().read(stream.getvalue()).folds == 1

    def test_an_issue_stands_on_the_users_line(self, tmp_path: Path) -> None:
        """The agent writes path and line before the text."""
        host, stream = pipelines(tmp_path)

        host.annotate(Level.ERROR, AWKWARD, Location(tmp_path / "score.py", 12))
        host.tell_annotations()
        [issue] = Agent().read(stream.getvalue()).issues

        assert (issue.type, issue.path, issue.line) == ("error", str(tmp_path / "score.py"), "12")
        assert issue.message == f"{tmp_path}/score.py(12,1): error : {AWKWARD}".replace("\r\n", "\n")

    def test_an_issue_without_a_line_has_no_place(self, tmp_path: Path) -> None:
        """Else its text would begin with `score.py(,): error :`."""
        host, stream = pipelines(tmp_path)

        host.annotate(Level.WARNING, "old base", Location(tmp_path / "score.py"))
        host.tell_annotations()

        assert [issue.message for issue in Agent().read(stream.getvalue()).issues] == ["old base"]

    def test_a_notice_is_a_line(self, tmp_path: Path) -> None:
        """The agent refuses other types than errors and warnings."""
        host, stream = pipelines(tmp_path)

        host.annotate(Level.NOTICE, "by the way")
        host.tell_annotations()

        assert stream.getvalue() == "by the way\n"

    def test_an_output_is_a_variable_of_the_step(self, tmp_path: Path) -> None:
        """Its name has no hyphen: a following script reads it from the environment, too."""
        host, stream = pipelines(tmp_path)

        host.output("app-url", AWKWARD)

        assert Agent().read(stream.getvalue()).outputs == {"appUrl": AWKWARD}

    def test_an_agent_that_keeps_percents_gets_them_plain(self, tmp_path: Path) -> None:
        """A job may say so by a variable."""
        host, stream = pipelines(tmp_path, DECODE_PERCENTS="false")

        host.output("plan", "100 %")

        assert Agent(decode_percents=False).read(stream.getvalue()).outputs == {"plan": "100 %"}

    def test_a_masked_value_is_in_no_log_output_or_page(self, tmp_path: Path) -> None:
        """Each line of a value of several is told by itself: the agent reads line by line."""
        host, stream = pipelines(tmp_path)

        host.mask("line-one]\nline-two;")
        host.info("see line-two;")
        host.output("image", "x-line-one]")
        host.summary("# line-two;")
        host.tell_annotations()
        agent = Agent().read(stream.getvalue())

        assert {"line-one]", "line-two;"} <= set(agent.secrets)
        assert agent.outputs == {}
        assert ["The output `image` is left out"] == [issue.message[:30] for issue in agent.issues]
        assert "line-one" not in "".join(agent.log)
        assert [Path(page).read_text() for page in agent.summaries] == ["# ***\n"]

    def test_each_page_has_a_name_of_its_own(self, tmp_path: Path) -> None:
        """One of the same name would take its place."""
        host, stream = pipelines(tmp_path)

        host.summary("one")
        host.summary("two")

        assert [Path(page).read_text() for page in Agent().read(stream.getvalue()).summaries] == ["one\n", "two\n"]

    @given(st.text(), st.text())
    def test_any_text_comes_out_whole(self, text: str, other: str) -> None:
        """Whatever is in it, it is one command; what has no width is left out of the comparison."""
        stream = io.StringIO()
        host = AzurePipelinesHost({}, stream)

        host.output("plan", f"a{text}b")
        host.annotate(Level.ERROR, f"a{other}b")
        host.tell_annotations()
        agent = Agent().read(stream.getvalue())

        assert agent.commands == ["task.setvariable", "task.logissue"]


class TestUntrustedLines:
    """`harmless`, as `info` and `group` use it."""

    @pytest.mark.parametrize(
        "line",
        [
            "##vso[task.setvariable variable=A]evil",
            "#12 0.4 ##vso[task.complete result=Succeeded;]",
            "###vso[task.setsecret]e",
            "##\u200bvso[task.setsecret]e",
            "#\u00ad#v\u2060so[task.setsecret]e",
            "#\x01#vso[task.setsecret]e",
            "50 %\r##vso[task.uploadfile]/etc/passwd",
            "##VSO[task.setsecret]e",
            "##[group]x",
            "##[error]looks like an error",
        ],
    )
    def test_no_line_is_a_command(self, tmp_path: Path, line: str) -> None:
        """The agent finds one anywhere in a line, and passes over what has no width."""
        host, stream = pipelines(tmp_path)

        with host.group(line):
            host.info(line)
        agent = Agent().read(stream.getvalue())

        assert (agent.commands, agent.complaints, agent.folds) == ([], [], 1)

    @given(st.text(alphabet="#vso[task.setsecret] \u200b\u00ad\n\r;="))
    def test_whatever_it_is_made_of(self, text: str) -> None:
        """Nobody lists all the ways."""
        agent = Agent().read(harmless(text))

        assert (agent.commands, agent.complaints) == ([], [])

    @pytest.mark.parametrize("line", ["# heading", "## heading", "C# and F#", "#12 [stage 1/2] RUN a", "v##x"])
    def test_others_stay(self, line: str) -> None:
        """As little is changed as can be."""
        assert harmless(line) == line


class TestIdentity:
    """The token of a service connection."""

    def test_is_asked_for_by_the_connection_and_masked(self, tmp_path: Path) -> None:
        """As azure-identity asks: POST, version, connection, the job's token; a server error is tried again."""
        seen: list[tuple[str, str, dict[str, str]]] = []
        with oidc([(503, {}), (200, {"oidcToken": "jwt-1-of-a-job"})], seen) as url:
            host, stream = pipelines(tmp_path, **{**JOB, "SYSTEM_OIDCREQUESTURI": f"{url}/"})

            token = host.identity_token("api://AzureADTokenExchange")

        method, path, headers = seen[-1]
        assert (token, method) == ("jwt-1-of-a-job", "POST")
        assert path == f"/oidctoken?api-version=7.1&serviceConnectionId={JOB[CONNECTION]}"
        assert (headers["Authorization"], headers["X-TFS-FedAuthRedirect"]) == ("Bearer t", "Suppress")
        assert {"t", "jwt-1-of-a-job"} <= set(Agent().read(stream.getvalue()).secrets)

    @pytest.mark.parametrize(
        "missing", ["SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"]
    )
    def test_a_step_that_lacks_something_is_told_what_to_do(self, tmp_path: Path, missing: str) -> None:
        """`System.AccessToken` reaches a script only where the step maps it."""
        host, _ = pipelines(tmp_path, **{**JOB, missing: ""})

        assert not host.facts.has_identity
        with pytest.raises(LoginFailed, match=r"AzureCLI@2.*SYSTEM_ACCESSTOKEN"):
            host.identity_token("x")


CONNECTION = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"


class TestFacts:
    """`pipeline_facts`, and `detect`."""

    def test_are_those_of_the_job(self) -> None:
        """Repository, commit and run; the address of the repository without who has cloned it."""
        assert pipeline_facts(JOB) == Facts(
            workspace=Path("/agent/_work/1/s"),
            advice=ADVICE,
            source="https://dev.azure.com/contoso/models/_git/churn",
            revision="abc",
            run_url="https://dev.azure.com/contoso/11111111-2222-3333-4444-555555555555/_build/results?buildId=7",
            has_identity=True,
            connection=Connection(),
            debug=True,
        )

    def test_are_few_outside(self) -> None:
        """The current folder, and advice."""
        assert pipeline_facts({}) == Facts(Path.cwd(), ADVICE)

    def test_the_agent_says_so_itself(self) -> None:
        """By the variable that it promises; GitHub's comes first."""
        host = detect(JOB, io.StringIO(), on_command_line=True)

        assert isinstance(host, AzurePipelinesHost)
        assert host.facts.on_command_line
        assert in_a_job(JOB)
        assert not in_a_job(outside(JOB))
        assert isinstance(detect({**JOB, "GITHUB_ACTIONS": "true"}, io.StringIO()), GitHubHost)
