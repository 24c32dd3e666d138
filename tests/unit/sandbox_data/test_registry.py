"""The registry: logins, blobs, manifests, tags."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from azure_sandbox.registry.access import TOKEN_USER
from azure_sandbox.registry.server import public_registry_app
from azure_sandbox.web import WebServer

from .conftest import trust
from .images import MANIFEST_TYPE, digest_of, image_of, tar_of
from .live_registry import BLOB, DELETE, OWNER, PULL, PUSH, REPOSITORY_WRITER, Live, push_blob, push_image

if TYPE_CHECKING:
    from pathlib import Path


class TestLogins:
    def test_every_call_without_login_is_challenged(self, live: Live) -> None:
        """The challenge names the realm, the service and the scope that the call needs."""
        plain = live.http.get("/v2/")
        push = live.http.post("/v2/a/b/blobs/uploads/")

        assert (plain.status_code, push.status_code) == (401, 401)
        realm = f'Bearer realm="https://{live.host}/oauth2/token",service="{live.host}"'
        assert realm == plain.headers["www-authenticate"]
        assert f'{realm},scope="repository:a/b:pull,push"' == push.headers["www-authenticate"]
        assert push.json()["errors"][0]["code"] == "UNAUTHORIZED"
        assert 2 == len({answer.headers["x-ms-correlation-request-id"] for answer in (plain, push)})

    def test_a_principal_without_a_role_gets_no_token(self, live: Live) -> None:
        """Entra's token alone is not enough: 401 at the exchange."""
        answer = live.refresh(live.who("nobody"))

        assert answer.status_code == 401

    def test_a_token_for_another_audience_is_refused(self, live: Live) -> None:
        """Storage's token is not the registry's; Azure Resource Manager's is taken."""
        owner = live.who("owner", OWNER)

        assert live.refresh(owner, "https://storage.azure.com").status_code == 401
        assert live.refresh(owner, "https://management.azure.com").status_code == 200

    def test_a_registry_may_refuse_tokens_for_the_resource_manager(self, live: Live) -> None:
        """Its policy `azureADAuthenticationAsArmPolicy` leaves those that were made for registries."""
        owner = live.who("owner", OWNER)
        live.change(arm_tokens=False)

        assert live.refresh(owner, "https://management.azure.com").status_code == 401
        assert live.refresh(owner).status_code == 200

    def test_acr_pull_reads_and_does_not_write(self, live: Live) -> None:
        """The token that AcrPull gets for `pull,push` allows `pull` alone."""
        digest = push_image(live.login(live.who("ci", PUSH), "repository:app:pull,push"), "app", "1")
        reader = live.login(live.who("app", PULL), "repository:app:pull,push")

        assert reader.get("/v2/app/manifests/1").headers["docker-content-digest"] == digest
        refused = reader.post("/v2/app/blobs/uploads/")
        assert refused.status_code == 401
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]

    def test_abac_registries_do_not_honour_the_old_roles(self, live: Live) -> None:
        """With repository permissions, AcrPush counts for nothing and Repository Writer writes."""
        live.change(abac=True)

        assert live.refresh(live.who("old", PUSH, OWNER)).status_code == 401
        writer = live.login(live.who("new", REPOSITORY_WRITER), "repository:app:pull,push")
        assert push_blob(writer, "app", BLOB).status_code == 201

    def test_an_expired_token_is_refused(self, live: Live) -> None:
        """An access token lives 75 minutes."""
        client = live.login(live.who("ci", PUSH), "repository:app:pull,push")
        live.now += 4501

        assert client.get("/v2/").status_code == 401

    def test_the_admin_user_logs_in_when_it_is_on(self, live: Live) -> None:
        """Basic works on calls and at the token endpoint, with the right password, while the admin user is on."""
        scope = {"service": live.host, "scope": "repository:app:pull"}
        off = live.http.get("/v2/", auth=("contoso", "pass"))
        live.change(admin=("contoso", "pass"))

        assert off.status_code == 401
        assert live.http.get("/v2/", auth=("contoso", "pass")).status_code == 200
        assert live.http.get("/v2/", auth=("contoso", "other")).status_code == 401
        assert "access_token" in live.http.get("/oauth2/token", params=scope, auth=("contoso", "pass")).json()
        form = {"grant_type": "password", "username": "contoso", "password": "pass", **scope}
        assert "access_token" in live.http.post("/oauth2/token", data=form).json()

    def test_one_token_may_cover_several_repositories(self, live: Live) -> None:
        """Several scopes in one request: needed to mount blobs across repositories."""
        client = live.login(live.who("ci", PUSH), "repository:a:pull,push", "repository:b:pull")

        assert push_blob(client, "a", BLOB).status_code == 201
        assert client.get("/v2/b/tags/list").status_code == 404
        assert client.post("/v2/b/blobs/uploads/").status_code == 401


class TestBlobs:
    @pytest.fixture
    def client(self, live: Live) -> httpx.Client:
        return live.login(live.who("ci", OWNER), "repository:app:pull,push,delete", "repository:other:pull,push")

    def test_a_blob_comes_back_whole_and_in_ranges(self, client: httpx.Client) -> None:
        """HEAD tells the size, GET gives the bytes, a range gives 206 with Content-Range."""
        push_blob(client, "app", BLOB)
        path = f"/v2/app/blobs/{digest_of(BLOB)}"
        part = client.get(path, headers={"Range": "bytes=5-9"})

        assert client.head(path).headers["content-length"] == str(len(BLOB))
        assert client.get(path).content == BLOB
        assert (part.status_code, part.content) == (206, BLOB[5:10])
        assert part.headers["content-range"] == f"bytes 5-9/{len(BLOB)}"

    def test_a_location_serves_once(self, client: httpx.Client) -> None:
        """A PATCH that is sent again to the same location gets 404 BLOB_UPLOAD_INVALID."""
        location = client.post("/v2/app/blobs/uploads/").headers["location"]
        first = client.patch(location, content=b"1")
        again = client.patch(location, content=b"1")

        assert first.status_code == 202
        assert (again.status_code, again.json()["errors"][0]["code"]) == (404, "BLOB_UPLOAD_INVALID")
        assert "_state=" in location

    def test_chunks_add_up(self, client: httpx.Client) -> None:
        """Several PATCHes and a last part in the PUT make one blob."""
        location = client.post("/v2/app/blobs/uploads/").headers["location"]
        for part in (BLOB[:100], BLOB[100:3000]):
            answer = client.patch(location, content=part)
            location = answer.headers["location"]
        done = client.put(f"{location}&digest={digest_of(BLOB)}", content=BLOB[3000:])

        assert answer.headers["range"] == "0-2999"
        assert done.status_code == 201

    def test_a_wrong_digest_is_refused(self, client: httpx.Client) -> None:
        """The closing PUT with another digest keeps nothing."""
        location = client.post("/v2/app/blobs/uploads/").headers["location"]
        wrong = digest_of(b"other")
        answer = client.put(f"{location}&digest={wrong}", content=BLOB)

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")
        assert client.head(f"/v2/app/blobs/{wrong}").status_code == 404

    def test_a_blob_is_mounted_from_another_repository(self, client: httpx.Client) -> None:
        """201 when the source has it and may be read; else 202 and an upload."""
        push_blob(client, "app", BLOB)
        query = {"mount": digest_of(BLOB), "from": "app"}

        assert client.head(f"/v2/other/blobs/{digest_of(BLOB)}").status_code == 404
        assert client.post("/v2/other/blobs/uploads/", params=query).status_code == 201
        assert client.get(f"/v2/other/blobs/{digest_of(BLOB)}").content == BLOB
        assert client.post("/v2/other/blobs/uploads/", params={**query, "from": "third"}).status_code == 202


class TestManifests:
    @pytest.fixture
    def client(self, live: Live) -> httpx.Client:
        scopes = ("repository:app:pull,push,delete,metadata_read", "registry:catalog:*")
        return live.login(live.who("ci", OWNER), *scopes)

    def test_a_manifest_without_its_blobs_is_refused(self, client: httpx.Client) -> None:
        """MANIFEST_BLOB_UNKNOWN names each missing digest, and no tag is written."""
        manifest, blobs = image_of([tar_of({"a": "b"})])
        headers = {"Content-Type": MANIFEST_TYPE}
        answer = client.put("/v2/app/manifests/1", content=manifest, headers=headers)

        error = answer.json()["errors"][0]
        assert (answer.status_code, error["code"]) == (400, "MANIFEST_BLOB_UNKNOWN")
        assert {entry["digest"] for entry in error["detail"]} == set(blobs)
        assert client.get("/v2/app/manifests/1").status_code == 404

    def test_an_image_is_found_by_tag_and_by_digest(self, client: httpx.Client) -> None:
        """Both give the same bytes with the media type that was put."""
        digest = push_image(client, "app", "1")
        by_tag, by_digest = client.get("/v2/app/manifests/1"), client.get(f"/v2/app/manifests/{digest}")

        assert by_tag.content == by_digest.content
        assert by_tag.headers["content-type"] == MANIFEST_TYPE
        assert client.head("/v2/app/manifests/1").headers["docker-content-digest"] == digest

    def test_tags_are_listed_in_pages(self, client: httpx.Client) -> None:
        """`n` cuts, the Link header leads on, and ACR's own list has the digests."""
        digest = push_image(client, "app", "a")
        for tag in "bc":
            push_image(client, "app", tag)
        first = client.get("/v2/app/tags/list?n=2")
        rest = client.get(first.links["next"]["url"])
        acr = client.get("/acr/v1/app/_tags").json()["tags"]

        assert (first.json()["tags"], rest.json()["tags"]) == (["a", "b"], ["c"])
        assert [digest] * 3 == [tag["digest"] for tag in acr]
        assert client.get("/acr/v1/_catalog").json() == {"repositories": ["app"]}

    def test_deleting_a_tag_keeps_the_manifest(self, client: httpx.Client) -> None:
        """ACR's tag route forgets the tag; deleting the digest forgets the image."""
        digest = push_image(client, "app", "1")
        untagged = client.delete("/acr/v1/app/_tags/1")
        still = client.head(f"/v2/app/manifests/{digest}")
        gone = client.delete(f"/v2/app/manifests/{digest}")

        assert [answer.status_code for answer in (untagged, still, gone)] == [202, 200, 202]
        assert client.head(f"/v2/app/manifests/{digest}").status_code == 404

    def test_referrers_find_what_names_a_subject(self, client: httpx.Client) -> None:
        """A manifest with a subject is listed with its artifact type."""
        digest = push_image(client, "app", "1")
        subject = json.loads(client.get("/v2/app/manifests/1").content)
        artifact = {
            **subject,
            "artifactType": "application/spdx+json",
            "subject": {"mediaType": MANIFEST_TYPE, "digest": digest, "size": 1},
        }
        body = json.dumps(artifact).encode()
        put = client.put(f"/v2/app/manifests/{digest_of(body)}", content=body, headers={"Content-Type": MANIFEST_TYPE})
        found = client.get(f"/v2/app/referrers/{digest}").json()["manifests"]

        assert put.headers["oci-subject"] == digest
        assert [(digest_of(body), "application/spdx+json")] == [(e["digest"], e["artifactType"]) for e in found]


class TestLocks:
    """What people lock stays, until they unlock it."""

    @pytest.fixture
    def client(self, live: Live) -> httpx.Client:
        return live.login(live.who("ci", OWNER), "repository:app:pull,push,delete,metadata_read,metadata_write")

    @pytest.mark.parametrize("lock", ["deleteEnabled", "writeEnabled"])
    @pytest.mark.parametrize("what", ["", "/_tags/1", "/_manifests/{}"])
    def test_either_attribute_keeps_an_image(self, client: httpx.Client, what: str, lock: str) -> None:
        """Set on the repository, the tag or the manifest; unlocked, it goes."""
        digest = push_image(client, "app", "1")
        place = f"/acr/v1/app{what.format(digest)}"
        locked = client.patch(place, json={lock: False})
        refused = client.delete(f"/v2/app/manifests/{digest}")
        still = client.head(f"/v2/app/manifests/{digest}")
        client.patch(place, json={lock: True})
        gone = client.delete(f"/v2/app/manifests/{digest}")

        assert [answer.status_code for answer in (locked, refused, still, gone)] == [200, 405, 200, 202]
        assert refused.json()["errors"][0]["code"] == "UNSUPPORTED"

    def test_each_is_told_where_it_was_set(self, client: httpx.Client) -> None:
        """A list of manifests knows nothing of a tag's lock."""
        digest = push_image(client, "app", "1")
        client.patch("/acr/v1/app/_tags/1", json={"deleteEnabled": False})
        tag = client.get("/acr/v1/app/_tags").json()["tags"][0]
        manifest = client.get("/acr/v1/app/_manifests").json()["manifests"][0]

        assert (digest, ["1"]) == (manifest["digest"], manifest["tags"])
        assert (False, True) == tuple(one["changeableAttributes"]["deleteEnabled"] for one in (tag, manifest))

    def test_a_locked_tag_does_not_move_and_is_not_removed(self, client: httpx.Client) -> None:
        """A new image under another tag is taken."""
        digest = push_image(client, "app", "1")
        body = client.get("/v2/app/manifests/1").content
        client.patch("/acr/v1/app/_tags/1", json={"writeEnabled": False})
        headers = {"Content-Type": MANIFEST_TYPE}
        written = [client.put(f"/v2/app/manifests/{tag}", content=body, headers=headers) for tag in ("1", "2")]

        assert [405, 201] == [answer.status_code for answer in written]
        assert 405 == client.delete("/acr/v1/app/_tags/1").status_code
        assert digest == client.head("/v2/app/manifests/1").headers["docker-content-digest"]

    def test_who_may_only_push_deletes_nothing(self, live: Live) -> None:
        """AcrDelete alone does not read, either."""
        pusher = live.login(live.who("pusher", PUSH), "repository:app:pull,push,delete")
        digest = push_image(pusher, "app", "1")
        deleter = live.login(live.who("deleter", DELETE), "repository:app:pull,push,delete")
        answers = [
            pusher.delete(f"/v2/app/manifests/{digest}"),
            pusher.delete("/acr/v1/app/_tags/1"),
            deleter.get("/v2/app/manifests/1"),
            deleter.delete(f"/v2/app/manifests/{digest}"),
        ]

        assert [401, 401, 401, 202] == [answer.status_code for answer in answers]

    def test_what_names_an_image_goes_with_it(self, client: httpx.Client) -> None:
        """A bill of materials; one that is locked keeps both."""
        digest = push_image(client, "app", "1")
        plain = json.loads(client.get("/v2/app/manifests/1").content)
        body = json.dumps({**plain, "subject": {"mediaType": MANIFEST_TYPE, "digest": digest, "size": 1}}).encode()
        client.put(f"/v2/app/manifests/{digest_of(body)}", content=body, headers={"Content-Type": MANIFEST_TYPE})
        place = f"/acr/v1/app/_manifests/{digest_of(body)}"
        client.patch(place, json={"deleteEnabled": False})
        refused = client.delete(f"/v2/app/manifests/{digest}")
        client.patch(place, json={"deleteEnabled": True})
        gone = client.delete(f"/v2/app/manifests/{digest}")

        assert [405, 202] == [refused.status_code, gone.status_code]
        assert 404 == client.head(f"/v2/app/manifests/{digest_of(body)}").status_code


class TestPublicRegistry:
    def test_everybody_reads_and_nobody_writes(self, live: Live) -> None:
        """The stand-in for the public registry needs no login and takes no upload."""
        digest = push_image(live.login(live.who("ci", PUSH), "repository:app:pull,push"), "app", "1")
        with (
            WebServer(public_registry_app(live.store), tls=live.tls) as server,
            httpx.Client(base_url=server.url, verify=trust(live.tls)) as client,
        ):
            answers = [
                client.get("/v2/"),
                client.get(f"/v2/app/manifests/{digest}"),
                client.post("/v2/app/blobs/uploads/"),
            ]

        assert [answer.status_code for answer in answers] == [200, 200, 404]


class TestRealClients:
    @pytest.mark.needs("skopeo")
    def test_skopeo_copies_and_inspects(self, live: Live, tmp_path: Path) -> None:
        """skopeo, logged in with a refresh token, copies an image to another repository and reads it back."""
        ci = live.who("ci", PUSH)
        digest = push_image(live.login(ci, "repository:app:pull,push"), "app", "1")
        login = f"{TOKEN_USER}:{live.refresh(ci).json()['refresh_token']}"
        policy = tmp_path / "policy.json"
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        common = ["skopeo", "--policy", str(policy)]
        subprocess.run(
            [*common, "copy", "--src-creds", login, "--dest-creds", login, "--src-tls-verify=false",
             "--dest-tls-verify=false", f"docker://{live.host}/app:1", f"docker://{live.host}/deep/copy:2"],
            check=True, capture_output=True,
        )  # fmt: skip
        said = subprocess.run(
            [*common, "inspect", "--creds", login, "--tls-verify=false", f"docker://{live.host}/deep/copy:2"],
            check=True,
            capture_output=True,
        )

        assert json.loads(said.stdout)["Digest"] == digest

    @pytest.mark.needs("docker")
    def test_docker_pulls_by_digest_with_a_refresh_token(self, live: Live) -> None:
        """The engine logs in as the token user, gets its own tokens, and pulls; without login it is refused."""
        import docker

        ci = live.who("ci", PUSH)
        digest = push_image(live.login(ci, "repository:app:pull,push"), "app", "1")
        reader = live.refresh(live.who("reader", PULL)).json()["refresh_token"]
        engine = docker.from_env()
        try:
            with pytest.raises(docker.errors.APIError):
                engine.images.pull(f"{live.host}/app@{digest}")
            login = {"username": TOKEN_USER, "password": reader}
            image = engine.images.pull(f"{live.host}/app@{digest}", auth_config=login)
            found = image.attrs["RepoDigests"]
            engine.images.remove(f"{live.host}/app@{digest}")
        finally:
            engine.close()

        assert found == [f"{live.host}/app@{digest}"]
