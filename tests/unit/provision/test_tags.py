"""Tags and publishing credentials: what a new app gets after its first write, and what an update adds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import ApplyIncomplete
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from functions_model.provision import Action, observe, plan
from functions_model.provision.tags import tags_for
from support.fake_arm import FakeArm, arm_error
from support.provisioning import applied, planned
from support.wanted import wanted

if TYPE_CHECKING:
    from functions_model.provision import Change, ResourcePlan

OURS = {"managed-by": "functions-model-action"}


def provenance(commit: str) -> dict[str, str]:
    """What a CI host says of a run."""
    return {
        "org.opencontainers.image.source": "https://github.com/contoso/models",
        "org.opencontainers.image.revision": commit,
        "functions-model.run": "https://github.com/contoso/models/actions/runs/1",
    }


def planned_at(arm: FakeArm, commit: str, **changes: Any) -> ResourcePlan:
    """The plan of a run at a commit."""
    want = replace(wanted(**changes), tags=tags_for(provenance(commit)))
    return plan(want, observe(arm.clients(), want))


def site(arm: FakeArm) -> dict[str, Any]:
    return next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))


def app_change(of: ResourcePlan) -> Change:
    return next(change for change in of.changes if change.kind == "function app")


class TestWhatIsCreated:
    def test_says_who_made_it_from_what(self) -> None:
        """Each resource has the tool, the repository and the commit."""
        arm = FakeArm()
        applied(arm, planned_at(arm, "c0ffee"))

        tags = [value["tags"] for key, value in arm.resources.items() if "roleassign" not in key]

        expected = {
            **OURS,
            "source-repository": "https://github.com/contoso/models",
            "source-commit": "c0ffee",
        }
        assert [expected] * 5 == tags

    def test_has_no_source_outside_of_a_ci_host(self) -> None:
        """Only what is known is a tag."""
        assert OURS == tags_for({})

    def test_cuts_what_azure_would_not_take(self) -> None:
        """A tag's value has 256 characters."""
        assert 256 == len(tags_for({"org.opencontainers.image.source": "x" * 999})["source-repository"])


class TestAnotherCommit:
    def test_is_no_reason_to_write(self) -> None:
        """With nothing else changed there is nothing to do, and the tags stay those of the commit that was deployed."""
        arm = FakeArm()
        applied(arm, planned_at(arm, "one"))

        assert not planned_at(arm, "two").has_changes

    def test_is_written_with_another_image(self) -> None:
        """The tags come first, so that a run that is stopped leaves no image that no run would tag again."""
        arm = FakeArm()
        applied(arm, planned_at(arm, "one"))
        site(arm)["tags"]["theirs"] = "1"
        second = planned_at(arm, "two", digit="b")
        arm.asked.clear()

        applied(arm, second)

        assert ["image", "tag `source-commit`"] == [field.name for field in app_change(second).fields]
        assert ["PATCH iris", "PATCH web"] == [write for write in arm.writes if write.startswith("PATCH")]
        assert ("two", "1") == (site(arm)["tags"]["source-commit"], site(arm)["tags"]["theirs"])

    def test_is_not_written_to_an_app_of_others(self) -> None:
        """An app that we did not make keeps the tags it has."""
        arm = FakeArm()
        applied(arm, planned_at(arm, "one"))
        site(arm)["tags"] = {"owner": "them"}
        arm.asked.clear()

        applied(arm, planned_at(arm, "two", digit="b"))

        assert {"owner": "them"} == site(arm)["tags"]


class TestPublishingCredentials:
    def test_are_off_on_a_new_app(self) -> None:
        """Both doors, FTP and the build site, are closed; the app is marked unfinished until they are."""
        arm = FakeArm()
        applied(arm, planned(arm))

        made = next(one.document for one in arm.asked if one.method == "PUT" and one.path.endswith("/sites/iris"))

        assert {"ftp": False, "scm": False} == arm.publishing
        assert {*OURS, "unfinished"} == set(made["tags"])
        assert OURS == site(arm)["tags"]

    @pytest.mark.parametrize(
        "stopped_at", [("PUT", "/ftp$"), ("PUT", "/scm$"), ("PUT", "/slotConfigNames$"), ("PATCH", "/sites/iris$")]
    )
    def test_are_turned_off_by_the_next_run(self, stopped_at: tuple[str, str]) -> None:
        """A run that was stopped between the app's first write and its last is ended by the next."""
        arm = FakeArm()
        arm.fail(*stopped_at, arm_error(403, "AuthorizationFailed", "no"))
        with pytest.raises(ApplyIncomplete):
            applied(arm, planned(arm))
        second = planned(arm)

        applied(arm, second)

        assert ["basic publishing credentials", f"slot setting `{MACHINE_KEY}`"] == [
            field.name for field in app_change(second).fields
        ]
        assert {"ftp": False, "scm": False} == arm.publishing
        assert [MACHINE_KEY] == arm.sticky
        assert OURS == site(arm)["tags"]
        assert not planned(arm).has_changes

    def test_stay_as_they_are_on_an_app_that_is_there(self) -> None:
        """Neither are they asked for, nor are https and TLS of an app that others made."""
        arm = FakeArm()
        applied(arm, planned(arm))
        site(arm)["tags"] = {}
        site(arm)["properties"]["httpsOnly"] = False
        arm.publishing.clear()

        applied(arm, planned(arm, digit="b"))

        assert {} == arm.publishing
        assert site(arm)["properties"]["httpsOnly"] is False
        assert Action.KEEP is app_change(planned(arm, digit="b")).action
