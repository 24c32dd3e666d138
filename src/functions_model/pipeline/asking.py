"""The story of a question to a live app: log in, find it, and show its log or have it score. Nothing is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from functions_model.azure.clients import AzureClients
from functions_model.bundle import route_prefix
from functions_model.core.failures import NotLive
from functions_model.core.names import LiveTarget
from functions_model.core.spec import DeploymentSpec
from functions_model.hosting.known_hosts import HOSTS
from functions_model.pipeline.session import World, log_in, run_context
from functions_model.pipeline.verifying import sample_function, sources_of
from functions_model.provision.endpoint import Endpoint, NoLog
from functions_model.verify import Expected, Verified, verify
from functions_model.verify.logs import news, scrubbed

POLL = 2.0
"""Seconds between two looks at a log that is followed."""


@contextmanager
def reach(target: LiveTarget, world: World) -> Iterator[Endpoint]:
    """The app as something that can be asked.

    Raises:
        LoginFailed: Microsoft Entra ID refused.
        NotLive: There is no such app, or it may not be read.
    """
    cloud, credential = log_in(target.login, world, registry=False)
    with closing(credential), closing(AzureClients(credential, target.names.subscription, cloud)) as clients:
        yield HOSTS[0].live_endpoint(clients, target.names)


def proven(endpoint: Endpoint, spec: DeploymentSpec, world: World) -> Verified:
    """The proof that the app is live with whatever it runs now, as a run has it of the spec, but for its trigger.

    Raises:
        NotLive: It is not: `init()` fails, or the sample is not scored.
    """
    trigger = spec.trigger
    expected = Expected(
        build_id="",  # what runs there is not what its image says
        functions=(),
        auth_level=trigger.auth_level,
        route_prefix=route_prefix(spec),
        sample_request=spec.sample_request,
        sample_function=sample_function(trigger),
        sources=sources_of(spec),
    )
    return verify(endpoint, expected, timeout=spec.verify_timeout, context=run_context(world))


def log_lines(
    endpoint: Endpoint, newest: int, *, follow: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """The newest lines of the app's log, without secrets; then, for ever, those that come.

    Args:
        endpoint: The app.
        newest: How many lines at first.
        follow: Whether to go on.
        sleep: Waits; seconds.

    Raises:
        NotLive: There is no log, or nothing of what the container writes is kept.
    """
    lines = _lines(endpoint)
    yield from lines[len(lines) - min(newest, len(lines)) :]
    while follow:
        sleep(POLL)
        before, lines = lines, _lines(endpoint)
        yield from news(before, lines)


def _lines(endpoint: Endpoint) -> list[str]:
    action = f"show the log of {endpoint.name}"
    try:
        log = endpoint.log()
    except NoLog as exc:
        raise NotLive(action, str(exc), exc.remedy) from exc
    if log.turn_on:
        reason = "container logging is off, so nothing of what the app writes is kept"
        raise NotLive(action, reason, f"Turn it on: {log.turn_on}", detail=scrubbed(log.text, endpoint.secrets))
    return scrubbed(log.text, endpoint.secrets).splitlines()
