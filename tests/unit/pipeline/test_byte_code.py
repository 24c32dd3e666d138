"""When an interpreter is asked for, and how long it is waited for."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions_model.core.cancel import Ahead
from functions_model.environment.interpreters import COMPILERS
from functions_model.pipeline.byte_code import IN_VAIN, ByteCode, Compiler, byte_code_of, compiler_for
from functions_model.pipeline.contents import ByteCodeLeftOut

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from functions_model.pipeline.prepare import Making


def making(
    minor: str = "3.12", *, compilers: Mapping[str, str] | None = None, noted: str = "", told: Any = None
) -> Making:
    """An image in the making, with the note of its last one."""
    record = SimpleNamespace(annotations={IN_VAIN: noted} if noted else {})
    python, world = (
        SimpleNamespace(version=minor),
        SimpleNamespace(compilers=compilers, tell=told),
    )
    return cast("Making", SimpleNamespace(python=python, world=world, last_record=record, request=None))


class TestWanted:
    def test_is_that_of_the_product_by_itself(self) -> None:
        """Each image gets byte code unless somebody says otherwise."""
        with compiler_for(making()) as compiler:
            assert COMPILERS["3.12"] == compiler.version

    @pytest.mark.parametrize("given", [{"minor": "3.14"}, {"compilers": {}}])
    def test_is_none_for_a_minor_without_one(self, given: dict[str, Any]) -> None:
        """Nothing is looked for, and nothing noted."""
        with compiler_for(making(**given)) as compiler:
            wanted = byte_code_of(compiler, "key of the dependencies")

            assert (None, "", None) == (wanted.made(list).result(), wanted.lacking, wanted.part(None, nothing))


class Late(Compiler):
    """One that does not come."""

    def look(self, key: str = "") -> Future[Path | None]:
        del key
        return Future()


class TestWaiting:
    def test_has_an_end(self) -> None:
        """An image is not held up longer than compiling takes."""
        told: list[ByteCodeLeftOut] = []
        with ThreadPoolExecutor(1) as pool:
            late = Late(making(told=told.append), "3.12.1", pool, Ahead(), 0.01)

            assert late.compiled("key", list).result(10) is None

        assert ["it had not come 0 seconds after the dependencies"] == [one.fetching for one in told]


class TestInVain:
    @pytest.mark.parametrize(("hours", "stays"), [(1, True), (25, False)])
    def test_is_noted_for_a_day(self, *, hours: int, stays: bool) -> None:
        """Each run in that time keeps the note, so that the day has an end."""
        noted = f"key {time.time() - 3600 * hours:.0f}"

        with compiler_for(making(noted=noted)) as compiler:
            assert stays is (noted == ByteCode(compiler, "key").lacking)

    def test_of_another_environment_says_nothing(self) -> None:
        """Nor does a note without a time."""
        for noted in ("other 99999999999", "key"):
            with compiler_for(making(noted=noted)) as compiler:
                assert ByteCode(compiler, "key").lacking not in {"key", noted}


def nothing(_: object) -> list[Any]:
    """Packs nothing."""
    return []
