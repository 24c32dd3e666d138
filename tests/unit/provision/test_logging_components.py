"""Which Application Insights components keep their data in a workspace, as Resource Manager lists them."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError

from functions_model.provision.removal.users import components_on
from support.fake_arm import SUBSCRIPTION, Answer, Asked, arm_error, clients_for
from support.removal import REMOVAL, WORKSPACE

LIST = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/components"


def listed(name: str, workspace: str | None) -> dict[str, object]:
    """A component as a list shows it; a classic one has no workspace."""
    return {"id": f"/c/{name}", "properties": {} if workspace is None else {"WorkspaceResourceId": workspace}}


class TestTheComponents:
    def test_of_all_pages_are_seen(self) -> None:
        """Ids are compared in any case of letters; those of other workspaces and classic ones do not count."""
        pages = {
            "": ([listed("one", WORKSPACE.id), listed("classic", None)], "2"),
            "2": ([listed("two", WORKSPACE.id.upper()), listed("theirs", f"{WORKSPACE.id}-2")], ""),
        }

        def answer(asked: Asked) -> Answer:
            value, following = pages[asked.query.partition("page=")[2]]
            link = f"https://management.azure.com{LIST}?api-version=2020-02-02&page={following}"
            return Answer(200, {"value": value, **({"nextLink": link} if following else {})})

        assert ("/c/one", "/c/two") == components_on(clients_for(answer), REMOVAL, WORKSPACE.id)

    def test_of_the_group_are_asked_for_where_the_rest_may_not_be_seen(self) -> None:
        """A login with rights on the group alone."""

        def answer(asked: Asked) -> Answer:
            if asked.path == LIST:
                return arm_error(403, "AuthorizationFailed", "no")
            assert "/resourceGroups/iris-rg/" in asked.path
            return Answer(200, {"value": [listed("one", WORKSPACE.id)]})

        assert ("/c/one",) == components_on(clients_for(answer), REMOVAL, WORKSPACE.id)

    def test_that_cannot_be_listed_end_the_run(self) -> None:
        """Not knowing is no reason to delete."""
        clients = clients_for(lambda _: arm_error(400, "BadRequest", "no"))

        with pytest.raises(HttpResponseError):
            components_on(clients, REMOVAL, WORKSPACE.id)
