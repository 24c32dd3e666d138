"""The identity function's answer."""

from __future__ import annotations

import platform

import pytest

from functions_model.payload.identity import NEEDED, identify

ENV = {
    "FUNCTIONS_MODEL_BUILD_ID": "abc",
    "FUNCTIONS_MODEL_MODELS": '[{"name":"iris","version":"1"}]',
    "FUNCTIONS_MODEL_TRIGGER": "http",
    "FUNCTIONS_MODEL_TOOL_VERSION": "1.0.0",
}


class TestIdentify:
    """`identify`."""

    def test_build_is_told(self) -> None:
        """Build, models, trigger, Python and tool."""
        assert (
            200,
            {
                "build_id": "abc",
                "models": [{"name": "iris", "version": "1"}],
                "trigger": "http",
                "python": platform.python_version(),
                "tool_version": "1.0.0",
            },
        ) == identify(ENV)

    @pytest.mark.parametrize("name", NEEDED)
    def test_missing_variable_is_named(self, name: str) -> None:
        """An image that this product did not make says so."""
        status, body = identify({**ENV, name: ""})

        assert 500 == status
        assert name in body["message"]

    def test_models_that_are_not_json_are_told(self) -> None:
        """An app setting may hide the image's own variable."""
        status, body = identify({**ENV, "FUNCTIONS_MODEL_MODELS": "iris"})

        assert 500 == status
        assert "not JSON" in body["message"]
