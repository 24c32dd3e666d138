"""`functions-model` in mode `package`, from the echo project into a registry that asks for no login."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from support.deployment import run_action, start_action
from support.project import write_echo_project

if TYPE_CHECKING:
    from support.deployment import Run, Started


@dataclass(frozen=True, slots=True)
class Packager:
    """Packages one workspace.

    Attributes:
        folder: The workspace.
        inputs: By their own names.
        environ: What the runner adds.
    """

    folder: Path
    inputs: dict[str, str]
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, registry: str, base: str, *, weights: bytes = b"first") -> Packager:
        """The echo project, written into a folder."""
        inputs = write_echo_project(folder)
        del inputs["sample-request"]
        more = {"mode": "package", "registry": registry, "base-image": base, "python-version": "3.11"}
        packager = cls(folder, inputs | more)
        packager.model.write_bytes(weights)
        return packager

    @property
    def model(self) -> Path:
        """The one file of the model."""
        return self.folder / "model" / "weights.txt"

    def with_environ(self, **variables: str) -> Packager:
        """On a runner with these variables as well."""
        return replace(self, environ=self.environ | variables)

    def on_a_fresh_runner(self, home: Path) -> Packager:
        """On a machine that it never ran on: nothing in any cache, so the index has to be asked."""
        home.mkdir(parents=True)
        caches = {"UV_CACHE_DIR": str(home / "uv"), "XDG_CACHE_HOME": str(home / "cache"), "UV_OFFLINE": "0"}
        # The settings of uv stay those of this machine: a mirror of the index, say.
        settings = os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))
        return self.with_environ(HOME=str(home), XDG_CONFIG_HOME=settings, **caches)

    def run(self, **inputs: str) -> Run:
        """One run; the keyword `image_name` is the input `image-name`."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return run_action(self.folder, self.inputs | given, self.environ)

    def start(self, folder: Path) -> Started:
        """A run that can be killed. What it leaves behind, its own temporary files included, is in the folder."""
        return start_action(self.folder, self.inputs, {"UV_OFFLINE": "1", "TMPDIR": str(folder)} | self.environ, folder)

    def package(self, **inputs: str) -> Run:
        """One run that must succeed."""
        run = self.run(**inputs)
        assert run.code == 0, run.log
        return run
