"""The CI hosts: what a person and a runner read."""

from __future__ import annotations

import http.server
import io
import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.ci import detect, outside
from functions_model.ci.github import ADVICE, GitHubHost, facts_of
from functions_model.ci.host import Facts, Level
from functions_model.ci.plain import PlainHost
from functions_model.core.failures import Location, LoginFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = {
    "GITHUB_WORKSPACE": "/github/workspace",
    "GITHUB_SERVER_URL": "https://ghe.local",
    "GITHUB_REPOSITORY": "contoso/churn",
    "GITHUB_SHA": "abc",
    "GITHUB_RUN_ID": "7",
    "GITHUB_STEP_SUMMARY": "/files/summary",
    "RUNNER_WORKSPACE": "/home/runner/work/churn",
    "RUNNER_DEBUG": "1",
    "INPUT_APP-NAME": "mine",
    "INPUT_LOCATION": "",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://tokens.test",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
}
"""What the runner sets for a step of ours."""


class FakeClock:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@contextmanager
def token_endpoint(answers: list[tuple[int, dict[str, str]]], seen: list[tuple[str, str]]) -> Iterator[str]:
    """A stand-in for GitHub's OIDC endpoint that gives these answers in turn."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization", "")))
            status, body = answers.pop(0)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/token?api-version=2.0"
        server.shutdown()
        thread.join()


def github(tmp_path: Path, **environ: str) -> tuple[GitHubHost, io.StringIO]:
    """A GitHub host whose files are in a folder of the test."""
    stream = io.StringIO()
    files = {"GITHUB_OUTPUT": str(tmp_path / "out"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    given = {"GITHUB_WORKSPACE": str(tmp_path), **files, **environ}
    host = GitHubHost(given, stream, clock=FakeClock(), pause=lambda _: None)
    return host, stream


class TestGitHub:
    """`GitHubHost`."""

    def test_groups_are_folded_and_timed(self, tmp_path: Path) -> None:
        """The duration stands below the fold, where it is seen."""
        host, stream = github(tmp_path)

        with host.group("Build the image"):
            host.info("a layer")

        assert stream.getvalue() == "::group::Build the image\na layer\n::endgroup::\nBuild the image: 1.0 s\n"

    def test_an_annotation_stands_on_the_users_line(self, tmp_path: Path) -> None:
        """Files are named as GitHub knows them, relative to the workspace; line breaks are escaped."""
        host, stream = github(tmp_path)

        host.annotate(Level.ERROR, "no `run`\nadd it", Location(tmp_path / "src" / "score.py", 12))
        host.tell_annotations()

        assert stream.getvalue() == "::error file=src/score.py,line=12::no `run`%0Aadd it\n"

    def test_an_annotation_without_a_place_has_no_properties(self, tmp_path: Path) -> None:
        """An empty `file=` would hide the message."""
        host, stream = github(tmp_path)

        host.annotate(Level.WARNING, "old base")
        host.tell_annotations()

        assert stream.getvalue() == "::warning::old base\n"

    def test_annotations_are_held_until_the_end_and_told_once(self, tmp_path: Path) -> None:
        """Errors first: an error that follows a hundred warnings is the first that people see."""
        host, stream = github(tmp_path)

        host.annotate(Level.WARNING, "old base")
        host.annotate(Level.ERROR, "no answer")
        assert stream.getvalue() == ""
        host.tell_annotations()
        host.tell_annotations()

        assert stream.getvalue() == "::error::no answer\n::warning::old base\n"

    def test_of_more_warnings_than_the_runner_keeps_the_important_are_alone(self, tmp_path: Path) -> None:
        """Whenever they were told; the tenth has the rest, and nothing is lost."""
        host, stream = github(tmp_path)

        for number in range(12):
            host.annotate(Level.WARNING, f"minor {number}", Location(tmp_path / "a.env"), minor=True)
        host.annotate(Level.WARNING, "important")
        host.tell_annotations()
        lines = stream.getvalue().splitlines()

        assert len(lines) == 10
        assert lines[:2] == ["::warning::important", "::warning file=a.env::minor 0"]
        assert lines[-1] == "::warning::4 more:%0Aminor 8%0Aminor 9%0Aminor 10%0Aminor 11"

    def test_a_message_longer_than_the_runner_keeps_is_cut_and_whole_in_the_log(self, tmp_path: Path) -> None:
        """4,096 UTF-16 code units; a character of two of them is not cut through."""
        host, stream = github(tmp_path)
        message = "🦋" * 2060

        host.annotate(Level.ERROR, message)
        host.annotate(Level.ERROR, "x" * 4096)
        host.tell_annotations()
        whole, cut, fits = stream.getvalue().splitlines()

        assert whole == message
        told = cut.removeprefix("::error::").replace("%0A", "\n")
        assert 4090 < len(told.encode("utf-16-le")) / 2 <= 4096
        assert told.endswith("🦋\n... The whole is in the log.")
        assert fits == f"::error::{'x' * 4096}"

    def test_a_masked_value_is_in_no_log_output_or_summary(self, tmp_path: Path) -> None:
        """The runner masks its log; we mask the files too, and each line of a value of several lines."""
        host, stream = github(tmp_path)

        host.mask("line-one\nline-two")
        host.info("see line-two")
        host.annotate(Level.ERROR, "see line-one")
        host.output("image", "x-line-one")
        host.summary("# line-two")
        host.tell_annotations()

        assert "::add-mask::line-two" in stream.getvalue()
        assert "see line-two" not in stream.getvalue()
        assert "see line-one" not in stream.getvalue()
        assert "::warning::The output `image` is left out" in stream.getvalue()
        assert not (tmp_path / "out").exists()
        assert (tmp_path / "summary").read_text() == "# ***\n"

    def test_outputs_of_several_lines_survive(self, tmp_path: Path) -> None:
        """The heredoc form that the runner reads, with a delimiter nobody can guess."""
        host, _ = github(tmp_path)

        host.output("plan", "a\nb")

        first, *middle, last = (tmp_path / "out").read_text().splitlines()
        assert first == f"plan<<{last}"
        assert middle == ["a", "b"]

    def test_a_summary_that_is_too_long_is_cut_and_says_so(self, tmp_path: Path) -> None:
        """The runner would refuse the whole page."""
        host, _ = github(tmp_path)

        host.summary("ü" * 700_000)

        text = (tmp_path / "summary").read_text()
        assert len(text.encode()) <= 1024 * 1024
        assert text.endswith("a summary may have 1 MiB._\n")

    def test_an_identity_token_is_asked_for_with_the_audience_and_masked(self, tmp_path: Path) -> None:
        """A server error is tried again; the token never reaches the log unmasked."""
        seen: list[tuple[str, str]] = []
        with token_endpoint([(503, {}), (200, {"value": "jwt-1"})], seen) as url:
            host, stream = github(
                tmp_path, ACTIONS_ID_TOKEN_REQUEST_URL=url, ACTIONS_ID_TOKEN_REQUEST_TOKEN="request-token"
            )

            token = host.identity_token("api://AzureADTokenExchange")

        assert token == "jwt-1"
        assert seen[-1] == ("/token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange", "Bearer request-token")
        assert "::add-mask::jwt-1\n" in stream.getvalue()

    def test_a_refusal_is_not_tried_again(self, tmp_path: Path) -> None:
        """A 403 stays a 403."""
        with token_endpoint([(403, {})], []) as url:
            host, _ = github(tmp_path, ACTIONS_ID_TOKEN_REQUEST_URL=url, ACTIONS_ID_TOKEN_REQUEST_TOKEN="t")

            with pytest.raises(LoginFailed, match=r"said 403.*id-token: write"):
                host.identity_token("x")

    def test_a_job_without_the_permission_is_told_which_one(self, tmp_path: Path) -> None:
        """The most common mistake of all."""
        host, _ = github(tmp_path)

        with pytest.raises(LoginFailed, match=r"permissions: id-token: write"):
            host.identity_token("x")


class TestPlain:
    """`PlainHost`."""

    def test_prints_groups_outputs_and_places(self) -> None:
        """A console log reads well without any CI host."""
        stream = io.StringIO()
        host = PlainHost(stream, clock=FakeClock())

        with host.group("Verify"):
            host.annotate(Level.ERROR, "no answer", Location(Path("score.py"), 3))
        host.output("digest", "sha256:1")

        assert stream.getvalue() == ("== Verify\nerror: score.py:3: no answer\n   Verify: 1.0 s\ndigest=sha256:1\n")

    def test_a_place_is_said_once(self, tmp_path: Path) -> None:
        """A message that names its place, as the user wrote it, has no longer form of it in front."""
        stream = io.StringIO()

        PlainHost(stream).annotate(
            Level.ERROR, "it is empty (env/a.yml:2). Fill it.", Location(tmp_path / "env/a.yml", 2)
        )
        PlainHost(stream).annotate(Level.ERROR, "it is empty (b). Fill it.", Location(Path("a.yml"), 2))

        assert (
            stream.getvalue()
            == "error: it is empty (env/a.yml:2). Fill it.\nerror: a.yml:2: it is empty (b). Fill it.\n"
        )

    def test_masks_on_the_console_too(self, tmp_path: Path) -> None:
        """Nobody else does it there."""
        stream = io.StringIO()
        host = PlainHost(stream, replace(facts_of({}), summary=tmp_path / "summary.md"))

        host.mask("hunter2")
        host.info("password hunter2")
        host.summary("hunter2")

        assert stream.getvalue() == "password ***\n"
        assert (tmp_path / "summary.md").read_text() == "***\n"

    def test_outputs_go_to_a_file_that_any_ci_reads(self, tmp_path: Path) -> None:
        """Those that a shell reads as they are; no text of several lines, none with a secret, and no plan."""
        place = tmp_path / "deploy.env"
        host = detect({"FUNCTIONS_MODEL_OUTPUT_FILE": str(place)}, io.StringIO())
        host.mask("s3cret")
        outputs = {
            "app-url": "https://a.test/x&y",
            "image": "h.test/a@sha256:0",
            "lock": "a==1\nb==2",
            "changed": "true",
        }
        for name, value in {**outputs, "plan": '{"a": 1}', "code": "s3cret", "digest": ""}.items():
            host.output(name, value)

        assert "DEPLOY_IMAGE=h.test/a@sha256:0\nDEPLOY_CHANGED=true\nDEPLOY_DIGEST=\n" == place.read_text()

    def test_has_no_identity(self) -> None:
        """The message says what to do instead."""
        host = PlainHost(io.StringIO())

        with pytest.raises(LoginFailed, match="client-secret"):
            host.identity_token("x")
        assert not host.facts.has_identity


class TestDetect:
    """`detect`."""

    def test_github_says_so_itself(self) -> None:
        """By the variable that GitHub promises."""
        assert isinstance(detect({"GITHUB_ACTIONS": "true"}, io.StringIO()), GitHubHost)
        assert isinstance(detect({}, io.StringIO()), PlainHost)


class TestFacts:
    """`facts_of`, and what `detect` makes of it."""

    def test_are_those_of_the_job(self) -> None:
        """Everything that GitHub says is read in one place."""
        expected = Facts(
            workspace=Path("/github/workspace"),
            advice=ADVICE,
            host_workspaces=("/home/runner/work/churn/churn", "/__w/churn/churn"),
            source="https://ghe.local/contoso/churn",
            revision="abc",
            run_url="https://ghe.local/contoso/churn/actions/runs/7",
            inputs={"app-name": "mine", "location": ""},
            variable="INPUT_{}",
            summary=Path("/files/summary"),
            has_identity=True,
            debug=True,
        )

        assert expected == facts_of(JOB)
        of_the_host = detect({**JOB, "GITHUB_ACTIONS": "true"}, io.StringIO()).facts
        assert replace(expected, masked_outputs=of_the_host.masked_outputs) == of_the_host
        assert "GitHub drops job outputs that hold masked text" in of_the_host.masked_outputs

    def test_say_why_the_session_of_another_step_is_not_seen(self) -> None:
        """`azure/login` ran before: people take its session for ours."""
        after_it = facts_of({"AZUREPS_HOST_ENVIRONMENT": ""}).advice.identity

        assert after_it.startswith(f"{ADVICE.identity} The action does not use the session of the step `azure/login`: ")

    def test_are_few_without_a_job(self) -> None:
        """The current folder, and advice."""
        assert Facts(Path.cwd(), ADVICE, variable="INPUT_{}") == facts_of({})
        assert Facts(Path.cwd(), ADVICE, variable="INPUT_{}") == facts_of(outside({"GITHUB_REPOSITORY": "a/b"}))

    def test_a_console_has_a_page_of_its_own(self) -> None:
        """The file that our own variable names, not the job's."""
        environ = {**JOB, "FUNCTIONS_MODEL_SUMMARY_FILE": "page.md"}

        assert replace(facts_of(JOB), summary=Path("page.md")) == detect(environ, io.StringIO()).facts
        assert detect(JOB, io.StringIO()).facts.summary is None

    def test_show_no_input(self) -> None:
        """One may be a secret."""
        assert "hunter2" not in repr(facts_of({"INPUT_CLIENT-SECRET": "hunter2"}))
