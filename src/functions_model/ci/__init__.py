"""Floor 1: the machine we run on behalf of: GitHub Actions, Azure Pipelines or a plain console."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from functions_model.ci.github import GitHubHost
from functions_model.ci.identity import JobIdentity
from functions_model.ci.plain import PlainHost
from functions_model.ci.streams import is_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.ci.host import CiHost

__all__ = ["SUMMARY_FILE", "GitHubHost", "PlainHost", "detect"]

SUMMARY_FILE = "FUNCTIONS_MODEL_SUMMARY_FILE"
"""The variable that names a file for a plain console's summary page."""


def detect(environ: Mapping[str, str], stream: TextIO) -> CiHost:
    """The host that this process runs on, by the variables that hosts promise to set."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHubHost(environ, stream, Path(environ.get("GITHUB_WORKSPACE") or Path.cwd()))
    summary, identity = environ.get(SUMMARY_FILE), JobIdentity(environ)
    return PlainHost(
        stream,
        summary_file=Path(summary) if summary else None,
        identity=identity if identity.available else None,
        terminal=is_terminal(stream, environ),
    )
