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
    """

    request: EnvironmentRequest
    version: str
    _made: Future[Lock]
    _ahead: Ahead

    def lock(self, request: EnvironmentRequest, version: str) -> Lock | None:
        """The lock, waited for; None, and dropped, where something else is asked for after all.

        Raises:
            EnvironmentFailed: The dependencies cannot be resolved.
        """
        if (self.request, self.version) == (request, version):
            return self._made.result()
        self.drop()
        return None

    def drop(self) -> None:
        """Nobody needs it any more."""
        CANCEL.drop(self._ahead)


@contextmanager
def begun_early(
    spec: DeploymentSpec, request: EnvironmentRequest | None, work: Path, report: Report
) -> Iterator[EarlyLock | None]:
    """Resolve the dependencies beside the block; what is not at its end with the block is dropped.

    For the Python that the user's files say, or the default: a base of the user's own may have another one.

    Args:
        spec: What is deployed.
        request: What is asked for below the app; None while that is not known.
        work: A folder for files on the way.
        report: Takes progress.

    Yields:
        None where it must wait until what is asked for was fetched.
    """
    if request is None:
        yield None
        return
    version, ahead = choose_python(spec.python_version, request).version, Ahead()
    with ThreadPoolExecutor(1, "resolve") as pool:
        made = pool.submit(CANCEL.ahead, ahead, partial(resolved, spec, request, version, work / "early", report))
        early = EarlyLock(request, version, made, ahead)
        try:
            yield early
        finally:
            early.drop()


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
