"""The build identity follows from the image's content."""

from __future__ import annotations

import re

import pytest

from functions_model.bundle import build_identity

LAYERS = ["sha256:a", "sha256:b"]
BASE = "sha256:base"
ENV = {"A": "1", "B": "2"}


class TestBuildIdentity:
    """`build_identity`."""

    def test_same_content_gives_the_same_text(self) -> None:
        """The order of the variables does not matter, nor an identity that is among them already."""
        expected = build_identity(LAYERS, BASE, ENV)

        assert expected == build_identity(tuple(LAYERS), BASE, {"B": "2", "A": "1"})
        assert expected == build_identity(LAYERS, BASE, {**ENV, "FUNCTIONS_MODEL_BUILD_ID": "x"})

    def test_text_is_the_same_on_every_machine(self) -> None:
        """It is written into images, so it must never change for the same content."""
        assert "38c83274" == build_identity([], BASE, {})[:8]
        assert re.fullmatch(r"[0-9a-f]{32}", build_identity(LAYERS, BASE, ENV))

    @pytest.mark.parametrize(
        ("layers", "base", "env"),
        [
            (["sha256:b", "sha256:a"], BASE, ENV),
            (["sha256:a"], BASE, ENV),
            (LAYERS, "sha256:other", ENV),
            (LAYERS, BASE, {"A": "1"}),
            (LAYERS, BASE, {"A": "1", "B": "3"}),
        ],
    )
    def test_other_content_gives_another_text(self, layers: list[str], base: str, env: dict[str, str]) -> None:
        """Layers, their order, the base and the variables all count."""
        assert build_identity(LAYERS, BASE, ENV) != build_identity(layers, base, env)
