"""How the app gets into what it works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.spec import Access
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, problems

if TYPE_CHECKING:
    from pathlib import Path


class TestAccess:
    @pytest.mark.parametrize(("given", "expected"), [("", Access.IDENTITY), ("keys", Access.KEYS)])
    def test_is_by_identity_unless_keys_are_asked_for(self, given: str, expected: Access, workspace: Path) -> None:
        """Without a word there is no password anywhere."""
        found = read_inputs({**DEPLOY, "access": given}, workspace=workspace).target

        assert found is not None
        assert expected is found.access

    def test_takes_nothing_else(self, workspace: Path) -> None:
        """Both values are named."""
        found = problems({**DEPLOY, "access": "password"}, workspace)

        assert {"access": "`password` is not one of its values. Use `identity` or `keys`."} == found

    def test_by_keys_has_no_use_for_an_identity(self, workspace: Path) -> None:
        """One of the two was not meant."""
        found = problems({**DEPLOY, "access": "keys", "identity-name": "mine"}, workspace)

        what = "it cannot be combined with `access: keys`, which uses no identity. Remove one of the two."
        assert {"identity-name": what} == found
