"""A console of somebody who asks a live app: `functions-model logs` and `call`."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.console import command, console_environ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox


class Desk:
    """Somebody at a console who knows an app by its names; they stand in a file of inputs.

    Args:
        sandbox: Where the app is.
        folder: Where they are.
        names: `app-name` and the like.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, **names: str) -> None:
        self.folder = folder
        self.environ = {**console_environ(), **sandbox.endpoints.environ()}
        given = {**sandbox.endpoints.inputs(), **{name.replace("_", "-"): text for name, text in names.items()}}
        secret = given.pop("client-secret", "")
        self.environ |= {"FUNCTIONS_MODEL_CLIENT_SECRET": secret} if secret else {}
        (folder / "where.yml").write_text(json.dumps(given))

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        first, *rest = words
        return subprocess.run(
            command(first, "--inputs-file", "where.yml", *rest),
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def following(self) -> Iterator[list[str]]:
        """`logs --follow` for the length of the block; the lines that it has shown."""
        words = command("logs", "--inputs-file", "where.yml", "--follow")
        shown: list[str] = []
        with subprocess.Popen(
            words, cwd=self.folder, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            reader = threading.Thread(target=lambda lines: shown.extend(map(str.rstrip, lines)), args=(process.stdout,))
            reader.start()
            try:
                yield shown
            finally:
                process.terminate()
                reader.join()
