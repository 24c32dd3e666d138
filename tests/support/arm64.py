"""The action's image for arm64, on a machine of another processor: a Debian whose programs the kernel has emulated.

Debian's `qemu-user-static` has the emulator, and this registers it with the kernel (binfmt_misc), which needs root.
Emulated, a program takes about fifteen times as long. So packages are unpacked and not configured, and whatever is
compiled to byte code is compiled by this machine's own Python 3.13: byte code is the same on every processor.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import docker

from support.engine import CA_BUNDLE
from support.tools import EMULATOR, ROOT, find_python

BASE, ACTION = "functions-model-test/python-arm64:1", "functions-model-test/action-arm64:1"
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_NATIVE = "opt/native"
"""This machine's Python in the base."""
_COMPILE_NATIVELY = f"""

if __name__ == "__main__":
    import os
    os.environ.update(LD_LIBRARY_PATH="/{_NATIVE}/lib", PYTHONHOME="/{_NATIVE}")
    program = "/{_NATIVE}/bin/python3.13"
    os.execv(program, [program, "-I", "-m", "compileall", *sys.argv[1:]])
"""
"""In the place of the end of the module `compileall`."""
_PACKAGES = (
    *("base-files", "base-passwd", "bash", "ca-certificates", "coreutils", "dash", "findutils", "grep", "libc-bin"),
    *("python3", "python3-pip", "python3-venv", "sed", "tar"),
)


def emulate() -> None:
    """Have the kernel start programs for arm64 by the emulator.

    Raises:
        OSError: Nobody but root may.
        AssertionError: It does not work here.
    """
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], check=True)
    if not (_BINFMT / "qemu-aarch64").exists():
        (_BINFMT / "register").write_bytes(EMULATOR.read_bytes().strip())
    tried = subprocess.run(["arch-test", "arm64"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout + tried.stderr


def build_action_arm64(client: docker.DockerClient) -> str:
    """Build the action's image from the Dockerfile on an arm64 base; gives its name.

    Raises:
        AssertionError: A step failed; the text is the end of what it said.
    """
    emulate()
    with tempfile.TemporaryDirectory() as work:
        _load_base(client, Path(work))
        # Outside of the context, as the engine's own `python:3.13-slim` is of this machine's processor.
        dockerfile = Path(work) / "Dockerfile"
        shutil.copy(ROOT / "Dockerfile", dockerfile)
        subprocess.run([sys.executable, ROOT / ".ci" / "pin-base", BASE, dockerfile], check=True)
        options: dict[str, Any] = {
            "platform": "linux/arm64",
            "dockerfile": str(dockerfile),
            "rm": True,
            "forcerm": True,
        }
        try:
            client.images.build(path=str(ROOT), tag=ACTION, **options)
        except docker.errors.BuildError as error:
            words = "".join(line.get("stream", "") for line in error.build_log)
            raise AssertionError(words[-4000:]) from error
    return ACTION


def _load_base(client: docker.DockerClient, work: Path) -> None:
    """`docker import` calls everything linux/amd64, so the image is written as `docker save` would."""
    root = work / "root"
    _unpack(root)
    layer, config = work / "layer.tar", work / "config.json"
    subprocess.run(["tar", "-C", root, "-cf", layer, "."], check=True)
    with layer.open("rb") as content:
        diff_id = hashlib.file_digest(content, "sha256").hexdigest()
    path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]}
    config.write_text(json.dumps({"os": "linux", "architecture": "arm64", "config": {"Env": [path]}, "rootfs": rootfs}))
    manifest = json.dumps([{"Config": config.name, "RepoTags": [BASE], "Layers": [layer.name]}]).encode()
    with tarfile.open(work / "image.tar", "w") as archive:
        archive.add(layer, layer.name)
        archive.add(config, config.name)
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        archive.addfile(member, io.BytesIO(manifest))
    with (work / "image.tar").open("rb") as image:
        client.images.load(image)


def _unpack(root: Path) -> None:
    """What `python:3.13-slim` has, as far as the Dockerfile needs it."""
    command = ["mmdebstrap", "--quiet", "--arch=arm64", "--variant=extract", f"--include={','.join(_PACKAGES)}"]
    subprocess.run([*command, "--dpkgopt=path-exclude=/usr/share/doc/*", "trixie", root], check=True)
    for name in ("python", "python3"):
        place = root / "usr/local/bin" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to("/usr/bin/python3")
    for name in ("passwd", "group"):
        (root / "etc" / name).write_bytes((root / f"usr/share/base-passwd/{name}.master").read_bytes())
    # Debian's pip reads it whatever it is asked; configuring the package would write it.
    bundle = root / CA_BUNDLE.relative_to("/")
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_bytes(CA_BUNDLE.read_bytes())
    _bring_packages(root)
    library = root / "usr/lib"
    compiled = [str(library / name) for name in ("python3.13", "python3/dist-packages")]
    python = find_python("3.13")
    assert python, "no Python 3.13 on this machine"
    subprocess.run([python, "-m", "compileall", "-qq", "-j0", "-s", root, *compiled], check=False)
    _bring_python(root, python.resolve())


def _bring_python(root: Path, python: Path) -> None:
    """This machine's Python into the base, for `python -m compileall`, which is most of what a build computes."""
    native = root / _NATIVE
    library = python.parents[1] / "lib"
    names = ("test", "idlelib", "ensurepip", "tkinter", "site-packages", "__pycache__")
    shutil.copytree(library / "python3.13", native / "lib" / "python3.13", ignore=shutil.ignore_patterns(*names))
    (native / "bin").mkdir()
    shutil.copy(python, native / "bin" / "python3.13")
    linked = subprocess.run(["ldd", python], capture_output=True, text=True, check=True).stdout
    for found in re.findall(r"(/\S+) \(0x", linked):
        loader = Path(found).name.startswith("ld-linux")
        place = root / "lib64" / Path(found).name if loader else native / "lib" / Path(found).name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, place)
    module = root / "usr/lib/python3.13/compileall.py"
    text, marker, _ = module.read_text().partition('\nif __name__ == "__main__"'.replace('"', "'"))
    assert marker, "the end of the module compileall looks otherwise"
    module.write_text(text + _COMPILE_NATIVELY)


def _bring_packages(root: Path) -> None:
    """What pip would fetch: to find it and to bring it is most of what takes long when it is emulated."""
    place = root / "opt/wheels"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-qq",
        "--no-deps",
        "--require-hashes",
        "--dest",
        place,
    ]
    target = (
        "--only-binary=:all:",
        "--python-version=3.13",
        "--implementation=cp",
        "--platform=manylinux_2_28_aarch64",
    )
    others = [f"--platform=manylinux{name}_aarch64" for name in ("_2_24", "_2_17", "2014")]
    for lock in ("build", "runtime"):
        file = ROOT / "requirements" / f"{lock}.lock"
        subprocess.run([*command, *target, *others, "-r", file], check=True)
    (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /opt/wheels\n")
