"""The lock, resolved from the first moment on: it needs neither a login nor a registry, and is what a run waits for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from functions_model.core.build import Builder
from functions_model.core.cancel import CANCEL, Ahead
from functions_model.core.spec import DeploymentSpec
from functions_model.core.work import Report
from functions_model.environment import EnvironmentRequest, Lock, choose_python, resolve


@dataclass(frozen=True, slots=True)
class EarlyLock:
    """A lock in the making.

    Attributes:
        request: What it is made of.
        version: The minor of Python that it is for.
        made: The lock, or why there is none.
    """

    request: EnvironmentRequest
    version: str
    made: Future[Lock]


@contextmanager
def begun_early(
    spec: DeploymentSpec, request: EnvironmentRequest | None, work: Path, report: Report
) -> Iterator[EarlyLock | None]:
    """Resolve the dependencies beside the block; what is not at its end with the block is dropped.

    Args:
        spec: What is deployed.
        request: What is asked for below the app; None while that is not known.
        work: A folder for files on the way.
        report: Takes progress.

    Yields:
        None where it must wait: for what is asked for, or for a base that says which Python it has.
    """
    if request is None or spec.base_image or spec.build.dockerfile:
        yield None
        return
    version, ahead = choose_python(spec.python_version, request).version, Ahead()
    with ThreadPoolExecutor(1, "resolve") as pool:
        made = pool.submit(CANCEL.ahead, ahead, partial(resolved, spec, request, version, work, report))
        try:
            yield EarlyLock(request, version, made)
        finally:
            CANCEL.drop(ahead)


def resolved(spec: DeploymentSpec, request: EnvironmentRequest, version: str, work: Path, report: Report) -> Lock:
    """From what is asked for to what will be installed, down to the hash of each file.

    Args:
        spec: What is deployed.
        request: What is asked for below the app.
        version: The minor of Python.
        work: A folder for files on the way.
        report: Takes progress.

    Raises:
        EnvironmentFailed: The dependencies cannot be resolved.
    """
    only_wheels = spec.build.builder is Builder.LAYERS
    return resolve(request, version, work=work / "resolve", only_wheels=only_wheels, report=report)
