"""The registry on its bad days, and what clients of large images need of it."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from azure_sandbox.faults import Fault

from .images import MANIFEST_TYPE, descriptor, digest_of
from .live_registry import BLOB, OWNER, PUSH, push_blob, push_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .live_registry import Live

MIB = 1 << 20
LARGE = bytes(range(256)) * (3 * MIB // 256)
UPLOAD = "/blobs/uploads/"


@pytest.fixture
def client(live: Live) -> httpx.Client:
    return live.login(live.who("ci", OWNER), "repository:app:pull,push")


def begin(client: httpx.Client, repository: str = "app") -> str:
    return client.post(f"/v2/{repository}/blobs/uploads/").headers["location"]


def wait_for(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


class TestStreams:
    def test_bytes_of_unknown_number_go_to_disk_as_they_come(self, live: Live, client: httpx.Client) -> None:
        """A chunked PATCH is written while it is still being sent, and the closing PUT has the digest."""
        seen = []

        def blocks() -> Iterator[bytes]:
            for start in range(0, len(LARGE), MIB):
                yield LARGE[start : start + MIB]
                seen.append(wait_for(lambda: any(path.stat().st_size for path in live.store.uploads.iterdir())))

        sent = client.patch(begin(client), content=blocks())
        done = client.put(f"{sent.headers['location']}&digest={digest_of(LARGE)}")

        assert (202, 201) == (sent.status_code, done.status_code)
        assert all(seen[1:])
        assert digest_of(LARGE) == digest_of(client.get(f"/v2/app/blobs/{digest_of(LARGE)}").content)

    def test_one_upload_does_not_hold_up_another(self, live: Live, client: httpx.Client) -> None:
        """A small blob is in while a large one is still coming."""
        other = live.login(live.who("other", PUSH), "repository:app:pull,push")
        finished = threading.Event()

        def blocks() -> Iterator[bytes]:
            yield LARGE
            assert push_blob(other, "app", BLOB).status_code == 201
            finished.set()
            yield LARGE

        sent = client.patch(begin(client), content=blocks())

        assert finished.is_set()
        assert f"0-{2 * len(LARGE) - 1}" == sent.headers["range"]


class TestTornUploads:
    def test_a_connection_breaks_off_after_so_many_bytes(self, live: Live, client: httpx.Client) -> None:
        """Nothing of it stays; its location is spent; a new upload of the whole blob goes through."""
        live.faults.add(Fault("PATCH", UPLOAD, drop_connection=True, after_bytes=MIB))
        location = begin(client)
        with pytest.raises(httpx.TransportError):
            client.patch(location, content=LARGE)
        left = wait_for(lambda: not list(live.store.uploads.iterdir()))
        again = client.patch(location, content=LARGE)

        assert left
        assert (404, "BLOB_UPLOAD_INVALID") == (again.status_code, again.json()["errors"][0]["code"])
        assert 201 == push_blob(client, "app", LARGE).status_code

    def test_a_shorter_body_is_let_through(self, live: Live, client: httpx.Client) -> None:
        """The fault waits for a body that is long enough."""
        live.faults.add(Fault("PATCH", UPLOAD, drop_connection=True, after_bytes=MIB))
        small = push_blob(client, "app", BLOB)

        assert 201 == small.status_code
        assert [1] == [fault.times for fault in live.faults.waiting()]

    def test_the_registry_answers_in_the_middle(self, live: Live, client: httpx.Client) -> None:
        """A 500 after the first bytes; the upload is gone."""
        live.faults.add(Fault("PATCH", UPLOAD, 500, after_bytes=MIB, times=2))
        statuses = [client.patch(begin(client), content=LARGE).status_code for _ in range(3)]

        assert [500, 500, 202] == statuses

    def test_too_many_requests_come_with_a_time_to_wait(self, live: Live, client: httpx.Client) -> None:
        """429, with Retry-After and the error that Azure Container Registry sends."""
        body = {"errors": [{"code": "TOOMANYREQUESTS", "message": "too many requests"}]}
        live.faults.add(Fault("POST", UPLOAD, 429, body, {"Retry-After": "1"}))
        refused = client.post("/v2/app/blobs/uploads/")

        assert (429, "1", body) == (refused.status_code, refused.headers["retry-after"], refused.json())
        assert 201 == push_blob(client, "app", BLOB).status_code


class TestExpiredTokens:
    def test_a_token_expires_while_bytes_are_sent(self, live: Live, client: httpx.Client) -> None:
        """The PATCH that was under way is taken; the closing PUT gets 401 with a challenge; a new token goes on."""
        live.faults.add(Fault("PATCH", UPLOAD, expire_tokens=True, after_bytes=MIB))
        sent = client.patch(begin(client), content=LARGE)
        closing = f"{sent.headers['location']}&digest={digest_of(LARGE)}"
        refused = client.put(closing)
        fresh = live.login(live.who("ci", OWNER), "repository:app:pull,push")

        assert (202, 401) == (sent.status_code, refused.status_code)
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]
        assert 201 == fresh.put(closing).status_code

    def test_a_token_that_expired_before_is_refused_at_the_start(self, live: Live, client: httpx.Client) -> None:
        """The bytes are not taken, and the upload goes on with a new token at the same location."""
        live.faults.add(Fault("PATCH", UPLOAD, expire_tokens=True))
        location = begin(client)
        refused = client.patch(location, content=LARGE)
        fresh = live.login(live.who("ci", OWNER), "repository:app:pull,push")

        assert 401 == refused.status_code
        assert 202 == fresh.patch(location, content=LARGE).status_code


class TestMounts:
    def test_the_token_must_allow_to_read_the_source(self, live: Live, client: httpx.Client) -> None:
        """202 and an upload for a token without `pull` on the source, though the blob is there; 201 with it."""
        push_blob(client, "app", BLOB)
        query = {"mount": digest_of(BLOB), "from": "app"}
        ci = live.who("ci", OWNER)
        without = live.login(ci, "repository:copy:pull,push")
        both = live.login(ci, "repository:copy:pull,push", "repository:app:pull")

        assert 202 == without.post("/v2/copy/blobs/uploads/", params=query).status_code
        assert 201 == both.post("/v2/copy/blobs/uploads/", params=query).status_code


class TestReferrers:
    def attach(self, client: httpx.Client, subject: str, kind: str) -> str:
        """A document that names an image; its digest."""
        empty = b"{}"
        push_blob(client, "app", empty)
        push_blob(client, "app", BLOB)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": kind,
            "config": descriptor("application/vnd.oci.empty.v1+json", empty),
            "layers": [descriptor(kind, BLOB)],
            "subject": {"mediaType": MANIFEST_TYPE, "digest": subject, "size": 1},
            "annotations": {"org.opencontainers.image.created": "1970-01-01T00:00:00Z"},
        }
        body = json.dumps(manifest).encode()
        put = client.put(f"/v2/app/manifests/{digest_of(body)}", content=body, headers={"Content-Type": MANIFEST_TYPE})
        assert subject == put.headers["oci-subject"]
        return digest_of(body)

    def test_they_are_found_by_kind_and_have_no_tag(self, client: httpx.Client) -> None:
        """All of them, or those of one artifact type; tag lists show the image alone."""
        image = push_image(client, "app", "1")
        attached = {kind: self.attach(client, image, kind) for kind in ("application/a+json", "application/b+json")}
        every = client.get(f"/v2/app/referrers/{image}")
        some = client.get(f"/v2/app/referrers/{image}", params={"artifactType": "application/b+json"})

        assert set(attached.values()) == {entry["digest"] for entry in every.json()["manifests"]}
        assert [attached["application/b+json"]] == [entry["digest"] for entry in some.json()["manifests"]]
        assert "artifactType" == some.headers["oci-filters-applied"]
        assert ["1"] == client.get("/v2/app/tags/list").json()["tags"]
        assert ["1"] == [tag["name"] for tag in client.get("/acr/v1/app/_tags").json()["tags"]]

    def test_an_image_without_any_has_an_empty_index(self, client: httpx.Client) -> None:
        """200 and no entries; a document may also come before its image."""
        image = push_image(client, "app", "1")
        early = self.attach(client, "sha256:" + "0" * 64, "application/a+json")
        found = client.get("/v2/app/referrers/sha256:" + "0" * 64).json()["manifests"]

        assert [] == client.get(f"/v2/app/referrers/{image}").json()["manifests"]
        assert [early] == [entry["digest"] for entry in found]
