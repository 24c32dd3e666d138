"""What a company lays over a subscription: policies, locks, tags, and a state in which nobody writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.arm.policies import Policy
from azure_sandbox.arm.resource_locks import Level
from azure_sandbox.sandbox import Sandbox
from support.fake_data_plane import fake_data_plane
from support.governing import adds_tag, allowed_locations, groups_need_tag, needs_tag, no_shared_keys, one_of
from unit.sandbox_control.conftest import open_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from unit.sandbox_control.conftest import Cloud

HERE: dict[str, Any] = {"location": "westeurope"}
IDENTITY = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
TAGS = "providers/Microsoft.Resources/tags/default"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with Sandbox(tmp_path_factory.mktemp("governance"), data_plane=fake_data_plane) as sandbox:
        cloud = open_cloud(sandbox)
        yield cloud
        cloud.close()


@pytest.fixture(autouse=True)
def _ungoverned(cloud: Cloud) -> Iterator[None]:
    yield
    cloud.sandbox.arm.policies.clear()
    cloud.sandbox.arm.locks.clear()


def put_identity(cloud: Cloud, group: str, name: str, **body: Any) -> requests.Response:
    return cloud.call("PUT", f"{group}/{IDENTITY}/{name}", {**HERE, **body}, version="2024-11-30")


def put_account(cloud: Cloud, group: str, name: str, properties: dict[str, Any], location: str) -> requests.Response:
    body = {"location": location, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": properties}
    path = f"{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    return cloud.call("PUT", path, body, version="2025-08-01")


def error(answer: requests.Response) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()["error"]
    return told


class TestPolicies:
    def test_that_deny_are_told_all_at_once(self, cloud: Cloud) -> None:
        """Each with its assignment, and with the conditions that were looked at."""
        group = cloud.new_group("denied")
        cloud.sandbox.arm.policies.assign(needs_tag("owner"), one_of("env", "dev", "prod"))

        answer = put_identity(cloud, group, "one", tags={"env": "qa"})

        told = error(answer)
        assert (403, "RequestDisallowedByPolicy", "one") == (answer.status_code, told["code"], told["target"])
        assert ["need-owner", "env-in-set"] == [one["info"]["policyAssignmentName"] for one in told["additionalInfo"]]
        assert {
            "result": "True",
            "expressionKind": "Field",
            "expression": "tags['env']",
            "path": "tags['env']",
            "expressionValue": "qa",
            "targetValue": ["dev", "prod"],
            "operator": "NotIn",
        } == told["additionalInfo"][1]["info"]["evaluationDetails"]["evaluatedExpressions"][0]

    def test_let_pass_what_complies(self, cloud: Cloud) -> None:
        """Names of tags have no case."""
        group = cloud.new_group("complies")
        cloud.sandbox.arm.policies.assign(needs_tag("owner"))

        assert put_identity(cloud, group, "one", tags={"OWNER": "ml"}).status_code == 201

    def test_look_at_groups_where_they_say_so(self, cloud: Cloud) -> None:
        """A policy of the mode `Indexed` does not, one of the mode `All` may."""
        path = f"{cloud.subscription}/resourceGroups/looked-at"
        cloud.sandbox.arm.policies.assign(needs_tag("owner"))
        assert cloud.call("PUT", path, HERE).status_code == 201

        cloud.sandbox.arm.policies.assign(groups_need_tag("owner"))
        assert error(cloud.call("PUT", path, HERE))["code"] == "RequestDisallowedByPolicy"

    def test_hold_below_their_scope_alone(self, cloud: Cloud) -> None:
        """Another group is not governed."""
        inside, outside = cloud.new_group("inside"), cloud.new_group("outside")
        cloud.sandbox.arm.policies.assign(needs_tag("owner", scope=inside))

        assert [403, 201] == [put_identity(cloud, group, "one").status_code for group in (inside, outside)]

    @pytest.mark.parametrize(
        ("name", "account", "policy", "denied"),
        [
            ("judgedkeys", ({"allowSharedKeyAccess": True}, "westeurope"), no_shared_keys(), True),
            ("judgedunset", ({}, "westeurope"), no_shared_keys(), True),
            ("judgednokeys", ({"allowSharedKeyAccess": False}, "westeurope"), no_shared_keys(), False),
            ("judgedwest", ({}, "West Europe"), allowed_locations("westeurope"), False),
            ("judgednorth", ({}, "northeurope"), allowed_locations("westeurope"), True),
        ],
    )
    def test_judge_properties_and_regions(
        self, cloud: Cloud, name: str, account: tuple[dict[str, Any], str], policy: Policy, denied: bool
    ) -> None:
        """By alias, and a region in any spelling."""
        group = cloud.new_group(name)
        cloud.sandbox.arm.policies.assign(policy)

        answer = put_account(cloud, group, name, *account)

        assert denied is (answer.status_code == 403)

    def test_that_modify_change_what_is_written(self, cloud: Cloud) -> None:
        """Silently; a tag that was sent stays as it is."""
        group = cloud.new_group("modified")
        cloud.sandbox.arm.policies.assign(adds_tag("env", "dev"))

        made = [put_identity(cloud, group, name, tags=tags) for name, tags in (("one", {}), ("two", {"env": "prod"}))]

        assert [{"env": "dev"}, {"env": "prod"}] == [answer.json()["tags"] for answer in made]

    def test_judge_tags_that_are_written_alone(self, cloud: Cloud) -> None:
        """With those that the resource has."""
        group = cloud.new_group("tagged-alone")
        put_identity(cloud, group, "one", tags={"env": "dev"})
        cloud.sandbox.arm.policies.assign(one_of("env", "dev"))
        path = f"{group}/{IDENTITY}/one/{TAGS}"

        def merge(tags: dict[str, str]) -> int:
            return cloud.call("PATCH", path, {"operation": "Merge", "properties": {"tags": tags}}).status_code

        assert [200, 403] == [merge({"owner": "ml"}), merge({"env": "qa"})]

    def test_are_asked_beforehand(self, cloud: Cloud) -> None:
        """The document of a write is judged, and nothing is written; the answer names assignment and conditions."""
        cloud.sandbox.arm.policies.assign(needs_tag("owner"), allowed_locations("westeurope"))
        group, version = cloud.new_group("asked"), "2022-03-01"
        path = f"{group}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"

        def refused(**content: Any) -> list[str]:
            body = {"resourceDetails": {"resourceContent": {"type": "Microsoft.Web/serverfarms", **content}}}
            told = cloud.call("POST", path, body, version=version).json()["contentEvaluationResult"]
            return [one["policyInfo"]["policyAssignmentId"].rpartition("/")[2] for one in told["policyEvaluations"]]

        assert ["need-owner", "regions"] == refused(location="northeurope")
        assert [] == refused(location="westeurope", tags={"owner": "ml"})


class TestLocks:
    def test_are_listed_and_removed(self, cloud: Cloud) -> None:
        """At and below a scope, and those that it inherits; removing one is no write that it forbids."""
        group, other = cloud.new_group("listed"), cloud.new_group("not-listed")
        cloud.sandbox.arm.locks.put(group.rpartition("/resourceGroups/")[0], Level.CAN_NOT_DELETE, "above")
        cloud.sandbox.arm.locks.put(f"{group}/{IDENTITY}/one", Level.READ_ONLY, "below")
        cloud.sandbox.arm.locks.put(other, Level.READ_ONLY, "beside")
        locks = f"{group}/providers/Microsoft.Authorization/locks"
        listed = cloud.call("GET", locks, version="2016-09-01").json()["value"]

        assert {"above", "below"} == {one["name"] for one in listed}
        below = next(one["id"] for one in listed if one["name"] == "below")
        assert 200 == cloud.call("DELETE", below, version="2016-09-01").status_code
        assert 404 == cloud.call("GET", below, version="2016-09-01").status_code

    @pytest.mark.parametrize(
        ("level", "codes"), [(Level.READ_ONLY, [200, 409, 409, 409]), (Level.CAN_NOT_DELETE, [200, 200, 200, 409])]
    )
    def test_forbid_what_their_level_says(self, cloud: Cloud, level: Level, codes: list[int]) -> None:
        """Reading is never forbidden; listing keys is a POST, and so is with `ReadOnly`."""
        group = cloud.new_group(f"locked-{level.lower()}")
        account = f"locked{level.lower()}"
        put_account(cloud, group, account, {}, "westeurope")
        path = f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"
        while cloud.call("GET", path, version="2025-08-01").status_code != 200:
            pass
        cloud.sandbox.arm.locks.put(group, level)

        answers = [
            cloud.call("GET", path, version="2025-08-01"),
            cloud.call("PATCH", path, {"tags": {"a": "b"}}, version="2025-08-01"),
            cloud.call("POST", f"{path}/listKeys", version="2025-08-01"),
            cloud.call("DELETE", path, version="2025-08-01"),
        ]

        assert codes == [answer.status_code for answer in answers]
        assert f"locked: '{group}'" in error(answers[3])["message"]

    def test_of_a_resource_keep_its_group(self, cloud: Cloud) -> None:
        """A group cannot be deleted while something in it is locked."""
        group = cloud.new_group("locked-below")
        put_identity(cloud, group, "one")
        cloud.sandbox.arm.locks.put(f"{group}/{IDENTITY}/one", Level.CAN_NOT_DELETE)

        assert error(cloud.call("DELETE", group))["code"] == "ScopeLocked"


class TestTags:
    def test_are_merged_beside_those_that_are_there(self, cloud: Cloud) -> None:
        """A name that is there keeps its spelling; groups have tags as resources have."""
        group = cloud.new_group("merging")
        put_identity(cloud, group, "one", tags={"Env": "dev", "owner": "ml"})

        for path in (group, f"{group}/{IDENTITY}/one"):
            body = {"operation": "Merge", "properties": {"tags": {"env": "prod", "x": "1"}}}
            assert cloud.call("PATCH", f"{path}/{TAGS}", body).status_code == 200

        assert {"env": "prod", "x": "1"} == cloud.call("GET", f"{group}/{TAGS}").json()["properties"]["tags"]
        one = cloud.call("GET", f"{group}/{IDENTITY}/one", version="2024-11-30").json()
        assert {"Env": "prod", "owner": "ml", "x": "1"} == one["tags"]

    def test_of_nothing_are_not_there(self, cloud: Cloud) -> None:
        """404."""
        group = cloud.new_group("of-nothing")

        assert cloud.call("GET", f"{group}/{IDENTITY}/none/{TAGS}").status_code == 404

    @pytest.mark.parametrize(
        ("tags", "code"),
        [
            ({"a/b": "1"}, "InvalidTagNameCharacters"),
            ({"n" * 513: "1"}, "InvalidTagName"),
            ({"a": "v" * 257}, "InvalidTagValue"),
            ({f"t{number}": "x" for number in range(51)}, "TooManyTags"),
            ({"a": "1", "A": "2"}, "InvalidTagName"),
        ],
    )
    def test_have_limits(self, cloud: Cloud, tags: dict[str, str], code: str) -> None:
        """In every write."""
        group = cloud.new_group("limits")

        assert error(put_identity(cloud, group, "one", tags=tags))["code"] == code


def test_a_subscription_that_is_disabled_is_read_only(cloud: Cloud) -> None:
    """Until it is enabled again."""
    made = cloud.sandbox.add_subscription("Spent")
    path = f"/subscriptions/{made}/resourceGroups/one"
    cloud.sandbox.arm.subscriptions.disable(made)

    assert error(cloud.call("PUT", path, HERE))["code"] == "ReadOnlyDisabledSubscription"
    assert cloud.call("GET", f"/subscriptions/{made}/resourceGroups").status_code == 200
    cloud.sandbox.arm.subscriptions.disable(made, disabled=False)
    assert cloud.call("PUT", path, HERE).status_code == 201
