"""Install wheels into a folder, with uv where it is there, else with pip."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class WheelsUnavailable(Exception):
    """The wheels cannot be installed. The text says why and what to do."""


def install_wheels(
    requirements: Sequence[str], target: Path, *, python: str | None = None, linux: bool = False
) -> None:
    """Install exactly these requirements, without what they depend on.

    Args:
        requirements: Pinned: `werkzeug==3.1.9`.
        target: The folder, as `pip install --target` fills it.
        python: The minor version that they are for; None means the running one.
        linux: For a Debian container of this machine's architecture, whatever the system here.

    Raises:
        WheelsUnavailable: The installer failed.
    """
    common = ["--quiet", "--no-deps", "--only-binary=:all:", "--target", str(target)]
    version = ["--python-version", python] if python else []
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    machine = platform.machine().replace("arm64", "aarch64").replace("AMD64", "x86_64")
    if uv:
        system = ["--python-platform", f"{machine}-manylinux_2_28"] if linux else []
        command = [uv, "pip", "install", "--python", sys.executable, *common, *version, *system]
    else:
        system = ["--platform", f"manylinux_2_28_{machine}", "--platform", f"manylinux2014_{machine}"] if linux else []
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *common, *version, *system]
    done = subprocess.run([*command, *requirements], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        message = f"Could not install {', '.join(requirements)}: {said}. Check that the package index can be reached."
        raise WheelsUnavailable(message)
