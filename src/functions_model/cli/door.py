"""A folder that is tried: its inputs, its deployment to the sandbox, and who looks on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model.ci import detect, outside
from functions_model.ci.host import CiHost
from functions_model.cli.app_output import AppOutput
from functions_model.cli.ending import annotated, tell_failure
from functions_model.cli.folder import app_name_for, check_inputs, inputs_of
from functions_model.cli.once import Ending, run_once
from functions_model.cli.sandbox import RunningSandbox
from functions_model.core.failures import Failure
from functions_model.core.masking import cut
from functions_model.core.spec import DeploymentSpec

if TYPE_CHECKING:
    from functions_model.verify import Verified

_ANSWER_LENGTH = 200
"""Characters of an answer that go into one line."""
_WHERE = ("subscription-id", "tenant-id", "client-id", "registry", "cloud", "location")
"""Inputs of which only the sandbox's values lead to it. A folder's `inputs.yml` may have those for Azure."""


@dataclass(frozen=True, slots=True)
class Door:
    """A folder, how it is tried, and who looks on.

    Attributes:
        folder: Absolute.
        options: Of the command.
        ci: Takes what is said between runs.
        output: Shows what the app writes.
        noting: The host of each run, or one that others look on with.
    """

    folder: Path
    options: argparse.Namespace
    ci: CiHost
    output: AppOutput
    noting: Callable[[CiHost], CiHost] = lambda ci: ci

    @property
    def app(self) -> str:
        """The app's name."""
        return app_name_for(self.folder)

    def inputs(self) -> dict[str, str]:
        """The inputs, with a function that everybody on this machine may call, where that is a question at all.

        Raises:
            InputsInvalid: The folder lacks something, or its `inputs.yml` cannot be read.
        """
        given = inputs_of(self.folder)
        if given.get("trigger", "http") == "http" and hasattr(self.options, "auth_level"):
            return {**given, "auth-level": self.options.auth_level}
        return given

    def checked(self, inputs: Mapping[str, str]) -> DeploymentSpec | None:
        """What a run would deploy; None where that is no folder's business.

        Raises:
            InputsInvalid: A run would end with these problems.
        """
        spec = check_inputs(self.folder, inputs)
        return spec if isinstance(spec, DeploymentSpec) else None

    def say(self, *lines: str) -> None:
        """Write lines, if there are any."""
        if lines:
            self.ci.info("\n".join(lines))

    def refuse(self, failure: Failure) -> int:
        """Tell what is wrong; the exit code."""
        ci = self.output.ci  # of the last run: it knows its secrets
        with annotated(ci):
            tell_failure(failure, ci, self.folder)
        return failure.exit_code

    def values(self, sandbox: RunningSandbox, inputs: Mapping[str, str]) -> dict[str, str]:
        """All inputs of a run against the sandbox."""
        here = {name: sandbox.inputs[name] for name in _WHERE}
        # Nobody has given a `python-version`: the base image that the sandbox offers has one.
        offered = {name: value for name, value in sandbox.inputs.items() if name != "python-version"}
        # A file in the folder that is watched would be a change, and be deployed, for ever.
        here |= {"report-directory": "", "mode": "deploy", "app-name": self.app, "resource-group": self.app}
        return {**offered, **inputs, **here}

    def deploy(self, sandbox: RunningSandbox, inputs: Mapping[str, str]) -> Ending:
        """A whole run, told to its end."""
        # `requests` reads REQUESTS_CA_BUNDLE from the process itself, so the sandbox's variables are set there.
        os.environ.update(sandbox.environ)
        environ = outside(os.environ)
        # From now on that one takes the app's lines: it knows the secrets of this run.
        self.output.ci = ci = self.noting(detect(environ, sys.stdout, verbose=self.options.verbose))
        return run_once(self.values(sandbox, inputs), environ, ci, self.folder, beside=self.output.through)

    def say_live(self, word: str, verified: Verified, seconds: float) -> None:
        """In one line."""
        answer = cut(" ".join(verified.answer.split()), _ANSWER_LENGTH) if verified.scored else "(nothing was scored)"
        self.say(f"{word}: live {verified.scoring_url} -> {answer} in {seconds:.1f} s")
