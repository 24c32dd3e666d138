"""The machine we run on behalf of: GitHub Actions, Azure Pipelines or a plain console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from functions_model.ci.azure_pipelines import AzurePipelinesHost
from functions_model.ci.github import GitHubHost, facts_of, token_endpoint
from functions_model.ci.host import CiHost
from functions_model.ci.identity import JobIdentity
from functions_model.ci.plain import OUTPUT_FILE, SUMMARY_FILE, PlainHost
from functions_model.ci.scrub import is_terminal

__all__ = ["OUTPUT_FILE", "SUMMARY_FILE", "detect", "in_a_job", "outside"]

_OF_A_HOST = ("GITHUB_", "TF_BUILD")
_GITHUB, _PIPELINES = "GITHUB_ACTIONS", "TF_BUILD"


def detect(
    environ: Mapping[str, str], stream: TextIO, *, on_command_line: bool = False, verbose: bool = False
) -> CiHost:
    """The host that this process runs on, by the variables that hosts promise to set.

    Args:
        environ: The process environment.
        stream: Standard output.
        on_command_line: A command was typed; no action runs.
        verbose: Whoever sits at a terminal wants to see all that a job's log has.
    """
    if in_a_job(environ):
        known = GitHubHost if environ.get(_GITHUB) == "true" else AzurePipelinesHost
        host: GitHubHost | AzurePipelinesHost = known(environ, stream)
        host.facts = replace(host.facts, on_command_line=on_command_line)
        return host
    page, outputs, terminal = environ.get(SUMMARY_FILE), environ.get(OUTPUT_FILE), is_terminal(stream, environ)
    identity = JobIdentity(token_endpoint(environ))
    facts = replace(
        facts_of(environ),
        summary=Path(page) if page else None,
        outputs=Path(outputs) if outputs else None,
        on_command_line=on_command_line,
        has_terminal=terminal,
        has_colours=terminal and not environ.get("NO_COLOR"),
        is_brief=terminal and not verbose,
    )
    return PlainHost(stream, facts, identity=identity if identity.available else None)


def in_a_job(environ: Mapping[str, str]) -> bool:
    """Whether a CI host that we know has started this process."""
    return environ.get(_GITHUB) == "true" or environ.get(_PIPELINES, "").lower() == "true"


def outside(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables without those of a CI host: for what concerns this machine alone."""
    return {name: value for name, value in environ.items() if not name.startswith(_OF_A_HOST)}
