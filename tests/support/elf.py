"""Shared libraries of a few hundred bytes: they name others, and hold nothing else."""

from __future__ import annotations

import struct

_NEEDED, _STRTAB, _STRSZ, _NULL = 1, 5, 10, 0


def library(*needed: str) -> bytes:
    """An ELF file for x86-64 whose dynamic segment names these libraries.

    https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html: a header of 64 bytes, two program headers of 56, the
    dynamic segment with entries of 16, and the texts that it points to.
    """
    names, offsets = b"\0", []
    for name in needed:
        offsets.append(len(names))
        names += name.encode() + b"\0"
    dynamic = 64 + 2 * 56
    texts = dynamic + 16 * (len(needed) + 3)
    entries = [*((_NEEDED, offset) for offset in offsets), (_STRTAB, texts), (_STRSZ, len(names)), (_NULL, 0)]
    size = texts + len(names)
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    length = texts - dynamic
    pointer = struct.pack("<IIQQQQQQ", 2, 6, dynamic, dynamic, dynamic, length, length, 8)
    return header + load + pointer + b"".join(struct.pack("<QQ", *entry) for entry in entries) + names
