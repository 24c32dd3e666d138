"""When an interpreter is asked for, and how long it is waited for."""

from __future__ import annotations

import time
from concurrent.futures import Future
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions_model.environment.fetched_interpreters import NotFetched
from functions_model.environment.interpreters import COMPILERS
from functions_model.pipeline.byte_code import IN_VAIN, ByteCode, Interpreter, wanted_byte_code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from functions_model.pipeline.prepare import Making


def making(minor: str = "3.12", compilers: Mapping[str, str] | None = None, noted: str = "") -> Making:
    """An image in the making, with the note of its last one."""
    record = SimpleNamespace(annotations={IN_VAIN: noted} if noted else {})
    python, world = SimpleNamespace(version=minor), SimpleNamespace(compilers=compilers)
    return cast("Making", SimpleNamespace(python=python, world=world, last_record=record, request=None))


class TestWanted:
    def test_is_that_of_the_product_by_itself(self) -> None:
        """Each image gets byte code unless somebody says otherwise."""
        assert COMPILERS["3.12"] == wanted_byte_code(making()).version

    @pytest.mark.parametrize("given", [{"minor": "3.14"}, {"compilers": {}}])
    def test_is_none_for_a_minor_without_one(self, given: dict[str, Any]) -> None:
        """No thread is begun for it."""
        wanted = wanted_byte_code(making(**given))

        with wanted.begun() as compiled:
            assert (None, "") == (compiled(list).result(), wanted.lacking)


class TestWaiting:
    def test_has_an_end(self) -> None:
        """An image is not held up longer than compiling takes."""
        coming: Future[Path | None] = Future()

        with pytest.raises(NotFetched, match="it had not come 0 seconds after"):
            Interpreter(coming).wait(0.01)


class TestInVain:
    @pytest.mark.parametrize(("hours", "stays"), [(1, True), (25, False)])
    def test_is_noted_for_a_day(self, *, hours: int, stays: bool) -> None:
        """Each run in that time keeps the note, so that the day has an end."""
        noted = f"key {time.time() - 3600 * hours:.0f}"

        assert stays is (noted == ByteCode(making(noted=noted), "3.12.1", "key").lacking)

    def test_of_another_environment_says_nothing(self) -> None:
        """Nor does a note of an earlier version, which has no time."""
        assert ByteCode(making(noted="other 99999999999"), "3.12.1", "key").lacking.startswith("key ")
        assert "key" != ByteCode(making(noted="key"), "3.12.1", "key").lacking
