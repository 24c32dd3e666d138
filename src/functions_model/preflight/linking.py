"""What shared libraries ask the loader for, and nobody in the environment has."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile

from functions_model.image.files import TreeFile
from functions_model.image.opened import opened

IS_LIBRARY = re.compile(r"\.so(\.\d[\w.-]*)?$")
_OF_EVERY_BASE = frozenset(
    {
        *("ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"),
        *("libutil.so.1", "libresolv.so.2", "libanl.so.1", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"),
    }
)
"""What glibc has, and what the Functions host needs in each image, as it is .NET: libgcc, libstdc++ and zlib.
https://github.com/dotnet/core/blob/main/release-notes/8.0/os-packages.md."""
_DRIVER = re.compile(
    r"lib(cuda|nvcuvid|nvoptix|nvidia-\S+|amdhip64|hsa-runtime64|rocm\S*|hip\S+|roc\S+|MIOpen|ze_loader|OpenCL|vulkan)\.so"
)
"""What comes with a graphics card, or from the machine that has one: no package of an image has it."""


def unmet(files: Mapping[str, TreeFile]) -> dict[str, frozenset[str]]:
    """For each library of an environment what it needs, itself or through another, and the environment has not.

    A library that lies anywhere in the environment counts as found: a run path leads to it, or its package loads it
    before. What every base image has, and what comes with a graphics card, is left out.

    Args:
        files: Of the environment, by their paths.

    Returns:
        By the paths of the libraries; those that lack nothing are left out.
    """
    wanted = {path: needed(file.content) for path, file in files.items() if IS_LIBRARY.search(path)}
    places: dict[str, list[str]] = {}
    for path in wanted:
        places.setdefault(PurePosixPath(path).name, []).append(path)
    found = ((path, frozenset(_lacking(path, wanted, places))) for path in wanted)
    return {path: names for path, names in found if names}


def _lacking(path: str, wanted: Mapping[str, tuple[str, ...]], places: Mapping[str, list[str]]) -> Iterable[str]:
    waiting, seen = [path], {path}
    while waiting:
        for name in wanted[waiting.pop()]:
            own = places.get(name, [])
            waiting += [one for one in own if one not in seen]
            seen.update(own)
            if not (own or name in _OF_EVERY_BASE or _DRIVER.match(name)):
                yield name


def needed(content: object) -> tuple[str, ...]:
    """The names in `DT_NEEDED`; none for what is no ELF file.

    Args:
        content: A file on this machine, or its bytes; links need nothing that their target does not.
    """
    if not isinstance(content, Path | bytes):
        return ()
    try:
        with opened(content) if isinstance(content, Path) else io.BytesIO(content) as stream:
            if stream.read(4) != b"\x7fELF":
                return ()
            segments = ELFFile(stream).iter_segments("PT_DYNAMIC")
            tags: Iterable[Any] = (
                tag for one in segments if isinstance(one, DynamicSegment) for tag in one.iter_tags("DT_NEEDED")
            )
            return tuple(str(tag.needed) for tag in tags)
    except (OSError, ELFError, ValueError, KeyError, AssertionError, OverflowError):
        return ()  # a damaged library is told by the loader: this one cannot
