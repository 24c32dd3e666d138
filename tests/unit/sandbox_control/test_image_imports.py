"""`importImage` through the SDK: images that go from registry to registry, past the client."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from azure_sandbox.arm.authorization.definitions import ACR_PULL, ACR_PUSH, CONTRIBUTOR, READER
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.operations import Durations
from azure_sandbox.sandbox import REGISTRY, SHARED_GROUP
from support.sandbox_registries import IMAGE_TYPE, INDEX_TYPE, digest_of
from support.sdk_errors import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.sandbox_registries import Registries
    from unit.sandbox_control.conftest import Cloud

IMPORTER = "577a9874-89fd-4f24-9dbd-b5034d0ad23a"


def path_of(cloud: Cloud) -> str:
    group = f"{cloud.subscription}/resourceGroups/{SHARED_GROUP}"
    return f"{group}/providers/Microsoft.ContainerRegistry/registries/{REGISTRY}/importImage"


def bring(cloud: Cloud, image: str, *targets: str, client: Any = None, **more: Any) -> None:
    source = {"registryUri": more.pop("uri", cloud.sandbox.endpoints.base_registry), "sourceImage": image}
    body = {"source": more.pop("source", source), "targetTags": list(targets), **more}
    client = client or cloud.client(ContainerRegistryManagementClient)
    client.registries.begin_import_image(SHARED_GROUP, REGISTRY, body).result()


class TestImport:
    def test_an_image_is_copied_when_the_operation_is_done(
        self, make_cloud: Callable[..., Cloud], registries: Registries
    ) -> None:
        """202 with a Location at first; the tag is there when polling has ended, with all blobs."""
        cloud = make_cloud(data_plane=registries.data_plane, durations=Durations(image_import=0.2))
        digest = registries.put(registries.base, "azure-functions/python", "4-python3.11")
        source = {"registryUri": "mcr.microsoft.com", "sourceImage": "azure-functions/python:4-python3.11"}
        begun = cloud.call("POST", path_of(cloud), {"source": source, "targetTags": ["cache:base-1"]})
        headers = {"Authorization": f"Bearer {cloud.token()}"}
        statuses = [begun.status_code]
        early = registries.own.has_tag("cache", "base-1")
        while statuses[-1] == 202 and len(statuses) < 500:
            time.sleep(0.02)
            answer = cloud.session.get(begun.headers["Location"], headers=headers, timeout=10)
            statuses.append(answer.status_code)

        assert ({202}, 200, False) == (set(statuses[:-1]), statuses[-1], early)
        assert digest == registries.own.manifest("cache", "base-1").digest
        assert b"weights" == registries.own.blob("cache", digest_of(b"weights")).read_bytes()

    def test_a_digest_may_stand_for_the_tag(self, cloud: Cloud, registries: Registries) -> None:
        """Without a tag of its own the copy is `latest`; without a name at all it has none."""
        digest = registries.put(registries.base, "a/b", None)
        bring(cloud, f"a/b@{digest}", "named")
        bring(cloud, f"a/b@{digest}", untaggedTargetRepositories=["nameless"])

        assert digest == registries.own.manifest("named", "latest").digest
        assert [] == registries.own.tags("nameless")
        assert registries.own.has_manifest("nameless", digest)

    def test_an_index_comes_with_its_images(self, cloud: Cloud, registries: Registries) -> None:
        """Every image that it names is copied, too."""
        child = registries.put(registries.base, "many", None)
        entry = {"mediaType": IMAGE_TYPE, "digest": child, "size": 1}
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [entry]}).encode()
        digest = registries.base.keep_manifest("many", INDEX_TYPE, index, "1")
        bring(cloud, "many:1", "copied:1")

        assert digest == registries.own.manifest("copied", "1").digest
        assert registries.own.has_manifest("copied", child)
        assert registries.own.has_blob("copied", digest_of(b"weights"))

    def test_another_registry_is_read_with_the_callers_rights(self, cloud: Cloud, registries: Registries) -> None:
        """By its ARM id: Reader on the source is needed, and enough; AcrPull is not."""
        client = cloud.client(ContainerRegistryManagementClient)
        group = cloud.new_group("elsewhere")
        source = client.registries.begin_create(
            "elsewhere", "source1", {"location": "westeurope", "sku": {"name": "Basic"}}
        )
        source_id = source.result().id
        digest = registries.put(registries.of("source1"), "app", "1")
        body = {"source": {"resourceId": source_id, "sourceImage": "app:1"}, "targetTags": ["elsewhere:1"]}
        who = cloud.somebody(CONTRIBUTOR, f"{cloud.subscription}/resourceGroups/{SHARED_GROUP}")
        principal = cloud.sandbox.directory.principal_of_client(who)
        assert principal is not None
        answers = [cloud.call("POST", path_of(cloud), body, token=cloud.token(who))]
        for role in (ACR_PULL, READER):
            cloud.sandbox.roles.grant(principal.object_id, role, group)
            answers.append(cloud.call("POST", path_of(cloud), body, token=cloud.token(who)))

        assert [403, 403, 202] == [answer.status_code for answer in answers]
        assert {"LinkedAuthorizationFailed"} == {answer.json()["error"]["code"] for answer in answers[:2]}
        assert digest == registries.own.manifest("elsewhere", "1").digest

    def test_a_registry_of_another_subscription_is_read(
        self, make_cloud: Callable[..., Cloud], registries: Registries
    ) -> None:
        """By digest, with a tag or without one; the rights are asked for on both sides."""
        cloud = make_cloud(data_plane=registries.data_plane)
        hub = cloud.sandbox.add_subscription("hub", role=None)
        cloud.sandbox.arm.subscriptions.get(hub).groups.put("hub-rg", "westeurope", {})
        source = ResourceId(hub, "hub-rg", "Microsoft.ContainerRegistry", ("registries",), ("hubsource",))
        cloud.sandbox.arm.registries.create(source, "westeurope", {})
        digest = registries.put(registries.of("hubsource"), "app", None)
        given = {"resourceId": str(source), "sourceImage": f"app@{digest}"}
        body = {"source": given, "targetTags": ["from-hub:1"], "untaggedTargetRepositories": ["from-hub-bare"]}
        refused = cloud.call("POST", path_of(cloud), body)
        own = cloud.sandbox.directory.principal_of_client(cloud.sandbox.endpoints.client_id)
        assert own is not None
        cloud.sandbox.roles.grant(own.object_id, READER, str(source))
        taken = cloud.call("POST", path_of(cloud), body)
        reader = cloud.token(cloud.somebody(READER))
        no_target = cloud.call("POST", path_of(cloud), body, token=reader)

        assert [403, 202, 403] == [answer.status_code for answer in (refused, taken, no_target)]
        assert "LinkedAuthorizationFailed" == refused.json()["error"]["code"]
        assert "AuthorizationFailed" == no_target.json()["error"]["code"]
        assert digest == registries.own.manifest("from-hub", "1").digest
        assert registries.own.has_manifest("from-hub-bare", digest)


class TestRefusals:
    def test_a_tag_is_not_moved_without_force(self, cloud: Cloud, registries: Registries) -> None:
        """409 Conflict before anything is copied; with `Force` the tag moves."""
        registries.put(registries.own, "moved", "1", b"older")
        digest = registries.put(registries.base, "moved", "1")
        with pytest.raises(HttpResponseError, match="Tag moved:1 already exists in target registry") as refused:
            bring(cloud, "moved:1")
        copied_early = registries.own.has_manifest("moved", digest)
        bring(cloud, "moved:1", mode="Force")

        assert (409, "Conflict", False) == (refused.value.status_code, code_of(refused.value), copied_early)
        assert digest == registries.own.manifest("moved", "1").digest

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ({"sourceImage": "app:nothing"}, "MANIFEST_UNKNOWN"),
            ({"sourceImage": "app@sha256:" + "0" * 64}, "MANIFEST_UNKNOWN"),
            ({"sourceImage": "app:1", "registryUri": "registry.example"}, "cannot be reached"),
            ({"sourceImage": "app:1", "registryUri": ""}, "needs a sourceImage"),
        ],
    )
    def test_a_source_that_cannot_be_read_is_told(self, cloud: Cloud, source: dict[str, str], words: str) -> None:
        """400 with the registry's own words."""
        given = {"registryUri": cloud.sandbox.endpoints.base_registry, **source}
        with pytest.raises(HttpResponseError, match=words) as refused:
            bring(cloud, "", source=given)

        assert (400, "InvalidParameters") == (refused.value.status_code, code_of(refused.value))

    @pytest.mark.parametrize(("role", "expected"), [(ACR_PUSH, 403), (IMPORTER, 202), (CONTRIBUTOR, 202)])
    def test_pushing_is_not_importing(self, cloud: Cloud, registries: Registries, role: str, expected: int) -> None:
        """AcrPush is about content; importing is an action on the registry."""
        registries.put(registries.base, "rights", "1")
        source = {"registryUri": "mcr.microsoft.com", "sourceImage": "rights:1"}
        body = {"source": source, "targetTags": ["rights:1"], "mode": "Force"}
        token = cloud.token(cloud.somebody(role))

        assert expected == cloud.call("POST", path_of(cloud), body, token=token).status_code
