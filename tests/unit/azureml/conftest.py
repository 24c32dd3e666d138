"""An Azure ML workspace of each test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import ml_lab
from support.ml_lab import Fault, Lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.fake_arm import Answer


@pytest.fixture
def lab() -> Lab:
    """A workspace of one's own."""
    return Lab()


@pytest.fixture
def storage_error() -> Callable[[int, str], Answer]:
    """Makes an error in storage's own shape."""
    return ml_lab.storage_error


@pytest.fixture
def fault() -> type[Fault]:
    """Makes a fault."""
    return Fault
