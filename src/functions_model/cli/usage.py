"""After a folder was deployed to the sandbox: use its trigger once, and say how to do that by hand."""

from __future__ import annotations

import sys

from functions_model.ci.host import CiHost
from functions_model.ci.terminal import size_of
from functions_model.cli.callers import WAIT_SECONDS, Exchange, Sent, caller_for
from functions_model.cli.once import Ending
from functions_model.cli.sandbox import RunningSandbox
from functions_model.core.masking import cut
from functions_model.core.spec import DeploymentSpec, HttpTrigger
from functions_model.report.calling import content_type
from functions_model.report.pasting import pasted, quoted

_LATE = f"no answer within {WAIT_SECONDS:.0f} s; the app's log says more"
_ANSWER_LENGTH = 500


def show_usage(ending: Ending, sandbox: RunningSandbox, ci: CiHost) -> None:
    """Write it to standard output, and how to go on to Azure.

    Args:
        ending: A run that succeeded.
        sandbox: Where it was deployed to.
        ci: Says whether that is a terminal: long commands then take several lines.
    """
    spec = ending.spec
    if not isinstance(spec, DeploymentSpec) or spec.target is None:
        return
    if isinstance(spec.trigger, HttpTrigger):
        lines = _http(spec, ending, sandbox, size_of(sys.stdout).columns if ci.facts.has_terminal else None)
    else:
        lines = _by_trigger(spec, sandbox)
    sys.stdout.write("\n".join(["", *lines, ""]))
    sys.stdout.flush()


def _http(spec: DeploymentSpec, ending: Ending, sandbox: RunningSandbox, columns: int | None) -> list[str]:
    words = [
        *("--cacert", sandbox.ca_file, "--header", f"Content-Type: {content_type(spec)}"),
        *("--data-binary", f"@{spec.sample_request or 'request.json'}"),
        *("--url", ending.verified.scoring_url),
    ]
    return ["Call it:", *pasted(["curl", *quoted(words)], columns, "  ")]


def _by_trigger(spec: DeploymentSpec, sandbox: RunningSandbox) -> list[str]:
    """Put the sample through the trigger itself, with the keys that the sandbox's Resource Manager gives."""
    caller, sample, lines = caller_for(spec, sandbox), spec.sample_request, list[str]()
    if sample:
        lines = [_told(caller.exchange(Sent(sample.name, sample.read_bytes(), content_type(spec)))), ""]
    return [*lines, *caller.by_hand(str(sample or "request.json"))]


def _told(exchange: Exchange) -> str:
    """In one line."""
    if not exchange.where:
        return exchange.said
    return f"{exchange.said} -> {exchange.where}: {_LATE if exchange.answer is None else shortened(exchange.answer)}"


def shortened(body: bytes) -> str:
    """A body as people can read it in one line."""
    try:
        text = " ".join(body.decode().split())
    except UnicodeDecodeError:
        return f"{len(body)} bytes"
    return cut(text, _ANSWER_LENGTH)
