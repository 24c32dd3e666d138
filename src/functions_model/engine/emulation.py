"""Whether an engine on another processor can run what is made for function apps.

Nothing that an engine tells says so: an emulator is registered with the kernel (binfmt_misc), not with the engine. So
the smallest program for linux/amd64 is run.
"""

from __future__ import annotations

import io
import struct
import tarfile
from uuid import uuid4

from docker.errors import APIError

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.engine.connecting import EngineApi

X86_64 = 62
"""`EM_X86_64` of the ELF specification."""
_ADDRESS, _HEADERS = 0x400000, 64 + 56
_EXIT_0 = bytes.fromhex("31ff b83c000000 0f05")
"""`xor edi, edi; mov eax, 60; syscall`: exit(0) on Linux."""
_REMEDY = (
    "Use a runner on x64, or register an emulator beforehand (`docker/setup-qemu-action` does in a workflow). "
    "Without apt packages, Dockerfile and packages to compile, `builder: layers` needs no engine."
)


def check_processor(api: EngineApi) -> None:
    """Refuse an engine that cannot run programs for linux/amd64.

    Args:
        api: The engine.

    Raises:
        EnvironmentFailed: It runs on another processor, and nothing emulates.
        docker.errors.APIError: The engine fails in another way.
    """
    processor = api.version().get("Arch", "amd64")
    if processor == "amd64" or runs(api, program(X86_64)):
        return
    what = f"the engine runs on {processor}, cannot run programs for linux/amd64, and function apps need those"
    raise EnvironmentFailed("build with the container engine", [Problem(what, _REMEDY, "builder")])


def program(machine: int) -> bytes:
    """A static ELF program of 129 bytes that ends with the exit code 0.

    Args:
        machine: The processor that its header names. The instructions are always those of x86-64.
    """
    size = _HEADERS + len(_EXIT_0)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    entry = _ADDRESS + _HEADERS
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x1000)
    return identity + header + segment + _EXIT_0


def runs(api: EngineApi, content: bytes) -> bool:
    """Whether the engine's kernel can run a program. Image and container are gone afterwards.

    Raises:
        docker.errors.APIError: The engine fails in another way.
    """
    repository, tag = "functions-model/processor", uuid4().hex[:12]
    api.import_image_from_data(_archive(content), repository=repository, tag=tag)
    try:
        container = api.create_container(f"{repository}:{tag}", ["/program"], network_disabled=True)["Id"]
        return _ends_well(api, container)
    finally:
        api.remove_image(f"{repository}:{tag}")


def _ends_well(api: EngineApi, container: str) -> bool:
    """Some engines say that the kernel refuses on the start, others in the container's log."""
    try:
        api.start(container)
        return int(api.wait(container)["StatusCode"]) == 0
    except APIError as error:
        if "exec format error" not in str(error):
            raise
        return False
    finally:
        api.remove_container(container, force=True)


def _archive(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("program")
        member.size, member.mode = len(content), 0o755
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
