"""A release without GitHub: a bare remote, a registry of this machine, an index, and stand-ins for the rest."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support import release_tools
from support.tools import ROOT
from support.workflow_runner import Job, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY = "Contoso-Labs/functions-model-action"
_WHO = ("-c", "user.name=test", "-c", "user.email=test@example.com")


def git(folder: Path, *words: str) -> str:
    """What Git says, without its last line break."""
    done = subprocess.run(["git", *_WHO, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass(slots=True)
class Rehearsal:
    """A repository on GitHub, and what surrounds it.

    Attributes:
        folder: For everything.
        registry: Its host.
        mirror: Where the base is.
        remote: The bare repository.
        attested: What was attested: the digest, and the name of the bill, if it is one of a bill.
        wheels: The folder that the index keeps.
        runners: Those of each run, in order.
    """

    folder: Path
    registry: str
    mirror: str
    index: str
    attested: list[tuple[str, str]] = field(default_factory=list)
    runners: list[Runner] = field(default_factory=list)

    @property
    def remote(self) -> Path:
        """The bare repository."""
        return self.folder / "remote.git"

    @property
    def wheels(self) -> Path:
        """What the index has taken."""
        return self.folder / "index"

    def begin(self) -> None:
        """Push the work tree as it is, with uncommitted changes, as `main`."""
        source = self.folder / "source"
        names = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in names:
            if name and (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, source / name)
        git(source, "init", "--quiet", "--initial-branch", "main")
        git(source, "add", "--all")
        git(source, "commit", "--quiet", "--message", "Source")
        git(self.folder, "clone", "--quiet", "--bare", str(source), str(self.remote))
        release_tools.link(self.folder / "bin")

    def run(self, inputs: Mapping[str, str], elsewhere: Mapping[str, str], event: str = "workflow_dispatch") -> str:
        """Run the workflow `release`; gives its result.

        Args:
            inputs: As somebody gives them who starts it.
            elsewhere: Results of the workflows that it calls and that are not to be run.
            event: Who has started it.
        """
        environ = {
            **os.environ,
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "REHEARSAL": str(self.folder),
            "REHEARSAL_ROOT": str(ROOT),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_ACTOR": "somebody",
        }
        github = {"ref": "refs/heads/main", "sha": self.commit("main"), "event_name": event, "token": "a-token"}
        contexts = {"github": github, "vars": {"REGISTRY": self.registry, "MIRROR": self.mirror}}
        actions = {
            "actions/checkout": self._checkout,
            "actions/setup-python": lambda job, given: {},
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
            "actions/attest": self._attest,
            "pypa/gh-action-pypi-publish": self._publish,
        }
        runner = Runner(self.folder / f"run-{len(self.runners)}", ROOT, environ, contexts, actions, elsewhere)
        self.runners.append(runner)
        return runner.run("release.yml", inputs)

    def told(self) -> str:
        """What the last run has printed, job by job."""
        return "\n".join(f"== {name}\n{text}" for name, text in self.runners[-1].logs.items())

    def commit(self, name: str) -> str:
        """The commit that a branch or a tag of the remote names; empty for none."""
        told = git(self.folder, "ls-remote", str(self.remote), f"refs/heads/{name}", f"refs/tags/{name}")
        return told.partition("\t")[0]

    def text(self, name: str, path: str) -> str:
        """A file of a commit of the remote."""
        return git(self.remote, "show", f"{name}:{path}")

    def _checkout(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        place = job.workspace / given.get("path", ".")
        git(job.folder, "clone", "--quiet", "--no-checkout", str(self.remote), "clone")
        place.mkdir(exist_ok=True)
        shutil.move(job.folder / "clone" / ".git", place / ".git")
        shutil.rmtree(job.folder / "clone")
        git(place, "checkout", "--quiet", "--force", given.get("ref") or "main")
        return {}

    def _upload(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        shutil.copytree(given["path"], self.runners[-1].folder / "artifacts" / given["name"])
        return {}

    def _download(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        shutil.copytree(
            self.runners[-1].folder / "artifacts" / given["name"], job.workspace / given["path"], dirs_exist_ok=True
        )
        return {}

    def _attest(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        bill = given.get("sbom-path", "")
        assert not bill or '"bomFormat": "CycloneDX"' in Path(bill).read_text()
        self.attested.append((f"{given['subject-name']}@{given['subject-digest']}", Path(bill).name))
        return {}

    def _publish(self, job: Job, given: Mapping[str, str]) -> dict[str, str]:
        command: list[str | Path] = [
            ROOT / ".venv" / "bin" / "uv",
            "publish",
            "--quiet",
            "--publish-url",
            self.index,
            "--token",
            "x",
            "dist/*",
        ]
        subprocess.run(command, cwd=job.workspace, check=True, capture_output=True, text=True)
        return {}


@contextmanager
def running_index(folder: Path) -> Iterator[str]:
    """An index that takes what is uploaded, as PyPI does, into a folder; gives the address to upload to."""
    folder.mkdir(parents=True, exist_ok=True)

    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Keep the file of the form."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            for part in message_from_bytes(head + body, policy=HTTP).iter_parts():
                content: Any = part.get_payload(decode=True)
                if name := part.get_filename():
                    (folder / Path(name).name).write_bytes(content)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/legacy/"
        server.shutdown()
