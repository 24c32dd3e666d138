"""Whether an engine on another processor may build."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from docker.errors import APIError

from functions_model.core.failures import EnvironmentFailed
from functions_model.engine.emulation import X86_64, check_processor, program

NOBODYS = 0xFEED
KERNEL = "OCI runtime create failed: exec /program: exec format error: unknown"


class Engine:
    """Runs one program, and keeps what it was asked."""

    def __init__(self, processor: str = "arm64", *, refusal: str = "", code: int = 0) -> None:
        self._processor, self._refusal, self._code = processor, refusal, code
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def answer(*_: object, **__: object) -> Any:
            self.asked.append(name)
            if name == "start" and self._refusal:
                response = requests.Response()
                response.status_code = 400
                raise APIError("400 Client Error", response, self._refusal)
            answers = {
                "version": {"Arch": self._processor},
                "create_container": {"Id": "one"},
                "wait": {"StatusCode": self._code},
            }
            return answers.get(name)

        return answer


class TestCheckProcessor:
    def test_an_engine_on_x64_is_asked_nothing_more(self) -> None:
        """Nearly all are."""
        engine = Engine("amd64")

        check_processor(engine)

        assert ["version"] == engine.asked

    def test_an_engine_that_emulates_may_build(self) -> None:
        """A program for linux/amd64 ended well there, and nothing of it is left."""
        engine = Engine()

        check_processor(engine)

        assert ["remove_container", "remove_image"] == engine.asked[-2:]

    @pytest.mark.parametrize("engine", [Engine(refusal=KERNEL), Engine(code=255), Engine("s390x", code=1)])
    def test_one_that_does_not_is_refused_with_the_reason(self, engine: Engine) -> None:
        """Some engines say it on the start, others let the container fail."""
        with pytest.raises(EnvironmentFailed, match=r"cannot run programs for linux/amd64.*`docker/setup-qemu-action`"):
            check_processor(engine)

        assert ["remove_container", "remove_image"] == engine.asked[-2:]

    def test_another_failure_of_the_engine_is_not_taken_for_it(self) -> None:
        """A full disk says nothing about the processor."""
        engine = Engine(refusal="no space left on device")

        with pytest.raises(APIError, match="no space left"):
            check_processor(engine)

        assert "remove_image" == engine.asked[-1]


def test_the_program_is_a_whole_elf_file() -> None:
    """Its header names the processor that was asked for, and its one segment is the file."""
    content, machine = program(X86_64), slice(18, 20)

    assert (b"\x7fELF", 129) == (content[:4], len(content))
    assert [X86_64, NOBODYS] == [int.from_bytes(made[machine], "little") for made in (content, program(NOBODYS))]
