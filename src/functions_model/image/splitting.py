"""Plans looked at before they are packed: whether one has changed, and how a large one is cut into several.

The weights of a model change everywhere when it is trained again. So the ends and the middle of its largest files, with
the names, sizes and modes of all of them, tell nearly every change in milliseconds. Only nearly: whoever finds a
fingerprint again still has to compare digests before anything is believed.

Parts of a large layer are sent and pulled side by side, and stay what they are on their own. A large file gets a layer
to itself. The rest is cut into runs of neighbours of about the same size. Where the cuts are depends on names and sizes
alone; and within a margin a cut goes where a name's digest says, so that a file that grows a little does not move them.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from functions_model.image.files import FileTree, Link, TreeFile, largest, read_at
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


LARGE_PLAN = 512 << 20
"""Bytes up to which a plan stays whole. Every layer costs requests, and Docker pulls three at a time."""
LARGE_FILE = 256 << 20
"""Bytes from which a file gets a plan of its own; about what a run of other files has, too."""
MOST_PARTS = 8
_MARGIN = 8
"""A cut may move by this fraction of a run, to either side."""


def split(plan: LayerPlan) -> tuple[LayerPlan, ...]:
    """A large plan as up to eight, whole files each, named `model 1 of 3`; the same every time.

    Together they hold what the plan held, each file once. A plan of up to 512 MiB, or of a single file, stays as it is.

    Raises:
        BundleFailed: A file is gone.
    """
    files = plan.tree.files
    if len(files) < 2 or plan.tree.size <= LARGE_PLAN:
        return (plan,)
    alone = _alone(files)
    rest = [file for file in files if file.path not in alone]
    parts: list[tuple[TreeFile, ...]] = [(file,) for file in files if file.path in alone]
    parts += _runs(rest, MOST_PARTS - len(parts))
    parts.sort(key=lambda part: part[0].path)
    if len(parts) == 1:
        return (plan,)
    return tuple(
        replace(plan, name=f"{plan.name} {number} of {len(parts)}", tree=FileTree(part))
        for number, part in enumerate(parts, 1)
    )


def _alone(files: Sequence[TreeFile]) -> set[str]:
    """The paths of those that get a plan to themselves."""
    those = (file for file in files if not isinstance(file.content, Link) and file.size >= LARGE_FILE)
    large = sorted(those, key=lambda file: (-file.size, file.path))
    if len(large) + (len(large) < len(files)) <= MOST_PARTS:
        return {file.path for file in large}
    # Too many: those that fill a fair share of the parts that are left. Otherwise the last part would hold many.
    left, parts, taken = sum(file.size for file in files), MOST_PARTS, set()
    for file in large:
        if parts == 1 or file.size * parts < left:
            break
        taken.add(file.path)
        left -= file.size
        parts -= 1
    return taken


def _runs(files: Sequence[TreeFile], most: int) -> list[tuple[TreeFile, ...]]:
    """Neighbours together, in runs of about equal size."""
    starts = [0, *accumulate(file.size for file in files)]
    whole = starts.pop()
    count = min(most, max(1, -(-whole // LARGE_FILE)))
    ideal = [whole * number // count for number in range(1, count)]
    cuts = {_cut(files, starts, place, whole // count // _MARGIN) for place in ideal}
    edges = sorted({0, len(files)} | cuts)
    return [tuple(files[start:end]) for start, end in pairwise(edges)]


def _cut(files: Sequence[TreeFile], starts: Sequence[int], place: int, margin: int) -> int:
    """Which file begins a run: of those near the place the one whose name's digest is the lowest, else the nearest."""
    near = range(bisect_left(starts, place - margin), bisect_left(starts, place + margin + 1))
    if near:
        return min(near, key=lambda number: hashlib.sha256(files[number].path.encode()).digest())
    after = min(near.start, len(files) - 1)
    return min(max(after - 1, 0), after, key=lambda number: abs(starts[number] - place))
