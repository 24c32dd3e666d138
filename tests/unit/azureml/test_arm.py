"""Collections of Resource Manager, over their pages."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError

from functions_model.azure.api_versions import MACHINE_LEARNING
from functions_model.azureml.arm import first_items, get_json
from support.fake_arm import Answer, Asked, arm_error, clients_for

HERE = "https://management.azure.com"


class Pages:
    """Three items on pages of one; `following` is where the second page is said to be."""

    def __init__(self, following: str) -> None:
        self.following = following
        self.asked: list[str] = []

    def answer(self, asked: Asked) -> Answer:
        number = int(asked.query.partition("page=")[2] or 1)
        self.asked.append(asked.query)
        following = {"nextLink": f"{self.following}/models?page={number + 1}"} if number < 3 else {}
        return Answer(200, {"value": [{"name": str(number)}], **following})


class TestPages:
    def test_followed(self) -> None:
        """Pages are read until there are enough items, and no further."""
        pages = Pages(HERE)

        names = [item["name"] for item in first_items(clients_for(pages.answer), "/models", count=2)]

        assert ["1", "2"] == names
        assert [f"api-version={MACHINE_LEARNING}", "page=2"] == pages.asked

    def test_all(self) -> None:
        """The last page ends a collection that has fewer."""
        assert 3 == len(first_items(clients_for(Pages(HERE).answer), "/models", count=9))

    @pytest.mark.parametrize("elsewhere", ["https://elsewhere.test", f"{HERE}.elsewhere.test"])
    def test_elsewhere(self, elsewhere: str) -> None:
        """A next page at another host is refused and not asked for: the token would go there."""
        pages = Pages(elsewhere)

        with pytest.raises(HttpResponseError, match=rf"next page is at `{elsewhere.removeprefix('https://')}`"):
            first_items(clients_for(pages.answer), "/models", count=9)
        assert 1 == len(pages.asked)


class TestRefusals:
    def test_raised(self) -> None:
        """A refusal is raised as the SDK's own error, with its status."""
        with pytest.raises(HttpResponseError) as raised:
            get_json(clients_for(lambda _: arm_error(403, "AuthorizationFailed", "no")), "/models")

        assert 403 == raised.value.status_code
