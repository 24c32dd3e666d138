"""PyTorch's builds for CPUs, which lie on an index of PyTorch's own. Its packages on PyPI are for GPUs, and large.

uv knows which packages come from there, and asks that index for no others:
https://docs.astral.sh/uv/guides/integration/pytorch/#automatic-backend-selection.
"""

from __future__ import annotations

import re
from dataclasses import replace

from functions_model.core.build import TorchBackend
from functions_model.environment.request import EnvironmentRequest, Requirement

_FOR_GPUS = re.compile(r"(?<=[0-9])\+(?:cu[0-9]+|rocm[0-9.]+|xpu)(?![0-9A-Za-z.])")
"""The local part of a version that PyTorch gives to builds for one kind of GPU: `torch==2.3.1+cu121`."""


def with_backend(request: EnvironmentRequest, backend: TorchBackend) -> EnvironmentRequest:
    """The request for PyTorch's builds for CPUs, whichever its lines name; as it is, where they are to be followed.

    Args:
        request: What is asked for.
        backend: What the input says.
    """
    if backend is TorchBackend.AS_GIVEN:
        return request
    return replace(
        request,
        requirements=tuple(map(_for_any, request.requirements)),
        constraints=tuple(map(_for_any, request.constraints)),
        indexes=replace(request.indexes, torch_backend=backend.value),
    )


def _for_any(requirement: Requirement) -> Requirement:
    """The requirement without its kind of GPU: a plain version is every build's, and uv takes the index's own."""
    return requirement if "://" in requirement.text else replace(requirement, text=_FOR_GPUS.sub("", requirement.text))
