"""Tells whether a plan has changed, without reading all of it.

The weights of a model change everywhere when it is trained again. So the ends and the middle of its largest files, with
the names, sizes and modes of all of them, tell nearly every change in milliseconds. Only nearly: whoever finds a
fingerprint again still has to compare digests before anything is believed.
"""

from __future__ import annotations

import hashlib

from functions_model.image.files import Link, TreeFile, largest, read_at
from functions_model.image.layers import LayerPlan

_FORMAT = 1
"""Counts up when the bytes of a layer, or the way of looking at it, change."""
_FILES, _SAMPLE = 64, 64 << 10
"""Files that are looked into, and bytes at each of three places: 12 MiB at most."""


def fingerprint(plan: LayerPlan) -> str:
    """32 hex digits. Another one means: changed. The same one means: probably not.

    Content at hand is taken whole; of files on disk the largest 64 are looked into.

    Raises:
        BundleFailed: A file is gone, or may not be read.
    """
    whole = hashlib.sha256(f"{_FORMAT}\0{plan.compression}\0{plan.epoch}\0{len(plan.tree)}\n".encode())
    whole.update("\n".join(map(_entry, plan.tree.files)).encode())
    for file in plan.tree.files:
        if isinstance(file.content, bytes):
            whole.update(hashlib.sha256(file.content).digest())
    for file in largest(plan.tree, _FILES):
        if not isinstance(file.content, bytes):
            whole.update(hashlib.sha256(_sampled(file)).digest())
    return whole.hexdigest()[:32]


def _entry(file: TreeFile) -> str:
    if isinstance(file.content, Link):
        return f"{file.path}\0link\0{file.content.target}"
    return f"{file.path}\0{file.size}\0{'x' if file.executable else '-'}"


def _sampled(file: TreeFile) -> bytes:
    """The first, the middle and the last bytes of a file; all of a small one."""
    size = file.size
    if size <= 3 * _SAMPLE:
        return read_at(file, (0,), 3 * _SAMPLE)
    return read_at(file, (0, (size - _SAMPLE) // 2, size - _SAMPLE), _SAMPLE)
