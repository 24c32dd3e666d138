"""What the dependencies weigh, in the log and on the page: the largest, and what no app of Azure Functions can use."""

from __future__ import annotations

from collections.abc import Sequence

from functions_model.pipeline.contents import DependenciesKnown
from functions_model.preflight.inventory import GPU, Distribution
from functions_model.report.formatting import count, listed, size

_LARGEST = 5
_WORTH_A_NOTE = 10_000_000
"""Bytes below which a package that is not needed costs nobody anything worth a line."""
_WITHOUT_GPU = {
    "xgboost": "`xgboost-cpu` is the same without them",
    "torch": "`torch-backend: cpu` takes PyTorch's builds without them",
}
"""What to do about a package that brings libraries for GPUs, by its name."""


def dependencies_lines(known: DependenciesKnown) -> str:
    """The lines of the log."""
    return "\n".join([line for line in [size_line(known), *(f"Note: {note}" for note in size_notes(known))] if line])


def size_line(known: DependenciesKnown) -> str:
    """`243 MB of packages, installed. The largest packages: scipy 112 MB, numpy 52.8 MB`; empty without any."""
    by_size = sorted(known.distributions, key=lambda one: (-one.size, one.name))
    largest = [f"{one.name} {size(one.size)}" for one in by_size[:_LARGEST] if one.size]
    total = size(sum(one.size for one in by_size))
    return f"{total} of packages, installed. The largest packages: {', '.join(largest)}" if largest else ""


def size_notes(known: DependenciesKnown) -> list[str]:
    """Sentences on what need not be in the image, with the way out."""
    return [*_for_development(known), *_for_gpus(known)]


def _for_development(known: DependenciesKnown) -> list[str]:
    if (weight := sum(one.size for one in known.only_for_these)) < _WORTH_A_NOTE:
        return []
    names = listed([f"`{name}`" for name in known.in_vain])
    one = len(known.in_vain) == 1
    are = f"{'is' if one else 'are'} for development, and nothing imports {'it' if one else 'them'}"
    amount = count(len(known.only_for_these), "package")
    return [f"{names} {are}. Without {'it' if one else 'them'} the image has {amount} and {size(weight)} less."]


def _for_gpus(known: DependenciesKnown) -> list[str]:
    unused = [one for one in known.distributions if GPU in one.kinds]
    if sum(one.size for one in unused) < _WORTH_A_NOTE:
        return []
    largest = ", ".join(f"{one.name} {size(one.size)}" for one in sorted(unused, key=lambda one: -one.size)[:_LARGEST])
    brought_by = _brought_by(unused, known.distributions)
    ways = [f"{_WITHOUT_GPU[name]}." for name in brought_by if name in _WITHOUT_GPU]
    by = f", asked for by {listed([f'`{name}`' for name in brought_by])}" if brought_by else ""
    head = f"{size(sum(one.size for one in unused))} are libraries for GPUs, which Azure Functions does not have"
    return [" ".join([f"{head}: {largest}{by}.", *ways])]


def _brought_by(unused: Sequence[Distribution], among: Sequence[Distribution]) -> list[str]:
    """The packages that need one of them, themselves left out."""
    names = {one.name for one in unused}
    return [one.name for one in among if one.name not in names and names & set(one.requires)]
