"""The check in front of Azurite: real clients of storage, real accounts, and roles, keys and networks that hold."""

from __future__ import annotations

import base64
import dataclasses
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobAnalyticsLogging, BlobServiceClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from azure_sandbox.arm.authorization.definitions import OWNER
from azure_sandbox.networks import OUTSIDE, NetworkRules
from azure_sandbox.storage_contract import AccountRules

from .conftest import FakeDirectory, FakeLaw, FakeRoles, account_id, trust

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import Principal
    from azure_sandbox.storage import AzuriteStorage

    from .conftest import Court

KEYS = (base64.b64encode(b"first" * 8).decode(), base64.b64encode(b"second" * 8).decode())
BLOB_OWNER, BLOB_CONTRIBUTOR, BLOB_READER = (
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
)
ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
QUEUE_CONTRIBUTOR, QUEUE_SENDER, QUEUE_PROCESSOR = (
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "8a0f0c08-91a1-4084-bc3d-661d67233fed",
)
TABLE_CONTRIBUTOR, TABLE_READER = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "76199698-9eea-4c19-bc75-cec21354c6b6"
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/apps"
OPEN = AccountRules(account_id("gated"))


class Gated:
    """One account, and somebody who comes to it."""

    def __init__(self, court: Court, azurite: AzuriteStorage, tls: TlsFiles) -> None:
        self.directory, self.roles, self.law = FakeDirectory(), FakeRoles(), FakeLaw()
        court.directory, court.roles, court.law = self.directory, self.roles, self.law
        self.ends = azurite.create("gated", KEYS)
        self.azurite, self.tls = azurite, tls
        self.me: Principal = self.directory.add("me")
        self.law.changed["gated"] = OPEN
        azurite.upload("gated", "things", "one", b"content")

    def give(self, role: str, below: str = "") -> None:
        self.roles.give(self.me, f"{account_id('gated')}{below}", role)

    def network(self, **rules: Any) -> None:
        self.rule(network=NetworkRules(**rules))

    def rule(self, **changes: Any) -> None:
        self.law.changed["gated"] = dataclasses.replace(OPEN, **changes)

    def get_token(self, *_scopes: str, **_: object) -> AccessToken:
        return AccessToken(self.directory.issue_token(self.me.client_id, "https://storage.azure.com"), 2**31)

    def options(self, **changes: Any) -> dict[str, Any]:
        """Of a client."""
        fixed = {"connection_verify": str(self.tls.ca_file), "retry_total": 0, "use_env_settings": False}
        return {"credential": self, **fixed, **changes}

    def blobs(self, **options: Any) -> BlobServiceClient:
        return BlobServiceClient(self.ends.blob, **self.options(**options))

    def things(self, **options: Any) -> ContainerClient:
        return self.blobs(**options).get_container_client("things")

    def queues(self) -> QueueServiceClient:
        return QueueServiceClient(self.ends.queue, **self.options())

    def table(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request to the table service, for which the tests have no client of Azure's."""
        token = self.get_token().token
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json;odata=nometadata"}
        headers |= {"x-ms-version": "2020-12-06", "DataServiceVersion": "3.0", "If-Match": "*"}
        with httpx.Client(verify=trust(self.tls)) as client:
            return client.request(method, f"{self.ends.table}{path}", json=body, headers=headers)


@pytest.fixture
def gated(azurite: AzuriteStorage, court: Court, tls: TlsFiles) -> Gated:
    """The account of all tests here, with nobody's roles and no rules."""
    return Gated(court, azurite, tls)


def code(call: Callable[[], object]) -> tuple[int, str]:
    """How a call ends: the status and the storage service's code; 200 and nothing when it succeeds."""
    try:
        call()
    except HttpResponseError as error:
        return code_of(error)
    return 200, ""


def code_of(error: HttpResponseError) -> tuple[int, str]:
    found = getattr(error, "error_code", "")
    return error.status_code or 0, str(getattr(found, "value", found))


MISMATCH = (403, "AuthorizationPermissionMismatch")
FIREWALL = (403, "AuthorizationFailure")
FINE = (200, "")


class TestRoles:
    """Who asks with a token may do what their roles say."""

    def test_without_a_role_nothing_is_let_in(self, gated: Gated) -> None:
        """Not even the subscription's owner reads data; the words are the service's."""
        gated.give(OWNER)
        with pytest.raises(HttpResponseError) as refused:
            gated.things().download_blob("one")

        assert MISMATCH == code_of(refused.value)
        assert refused.value.message.startswith(
            "This request is not authorized to perform this operation using this permission.\nRequestId:"
        )

    def test_a_reader_reads(self, gated: Gated) -> None:
        """Storage Blob Data Reader lists and reads; it writes, makes and deletes nothing."""
        gated.give(BLOB_READER)
        things = gated.things()

        assert b"content" == things.download_blob("one").readall()
        assert "one" in list(things.list_blob_names())
        assert FINE == code(lambda: list(gated.blobs().list_containers()))
        assert MISMATCH == code(lambda: things.upload_blob("two", b"x"))
        assert MISMATCH == code(lambda: things.delete_blob("one"))
        assert MISMATCH == code(lambda: gated.blobs().create_container("more"))

    def test_a_contributor_writes_and_makes_containers(self, gated: Gated) -> None:
        """Storage Blob Data Contributor: all but tags and the service's properties."""
        gated.give(BLOB_CONTRIBUTOR)
        things = gated.things(max_single_put_size=1 << 20)

        assert FINE == code(lambda: things.upload_blob("large", b"x" * (5 << 20), overwrite=True))
        assert FINE == code(lambda: gated.blobs().create_container("more"))
        assert FINE == code(lambda: gated.blobs().delete_container("more"))
        assert MISMATCH == code(lambda: things.get_blob_client("one").get_blob_tags())
        assert MISMATCH == code(lambda: gated.blobs().get_service_properties())

    def test_a_role_at_a_container_opens_that_container(self, gated: Gated) -> None:
        """Another one stays shut, and so does the list of containers."""
        gated.azurite.create_container("gated", "others")
        gated.give(BLOB_OWNER, "/blobServices/default/containers/things")

        assert FINE == code(lambda: gated.things().download_blob("one").readall())
        assert MISMATCH == code(lambda: gated.blobs().get_container_client("others").upload_blob("one", b"x"))
        assert MISMATCH == code(lambda: list(gated.blobs().list_containers()))

    def test_the_services_properties_are_the_account_managers(self, gated: Gated) -> None:
        """Storage Blob Data Owner may not switch logging on, Storage Account Contributor may; it reads no blob."""
        log = BlobAnalyticsLogging(write=True)
        gated.give(BLOB_OWNER)
        before = code(lambda: gated.blobs().set_service_properties(analytics_logging=log))
        gated.roles.take(gated.me, account_id("gated"), BLOB_OWNER)
        gated.give(ACCOUNT_CONTRIBUTOR)

        assert MISMATCH == before
        assert FINE == code(lambda: gated.blobs().set_service_properties(analytics_logging=log))
        assert MISMATCH == code(lambda: gated.things().download_blob("one"))

    def test_queues(self, gated: Gated) -> None:
        """A sender sends, a processor takes messages and deletes them; neither makes a queue, as a contributor does."""
        gated.give(QUEUE_CONTRIBUTOR)
        queue = gated.queues().create_queue("work")
        gated.roles.take(gated.me, account_id("gated"), QUEUE_CONTRIBUTOR)
        refused = code(lambda: queue.send_message("a"))
        gated.give(QUEUE_SENDER)
        sent, peeked = code(lambda: queue.send_message("a")), code(queue.peek_messages)
        gated.give(QUEUE_PROCESSOR)
        message = next(iter(queue.receive_messages()))

        assert (MISMATCH, FINE, MISMATCH) == (refused, sent, peeked)
        assert FINE == code(lambda: queue.delete_message(message))
        assert MISMATCH == code(lambda: gated.queues().create_queue("more"))

    def test_tables(self, gated: Gated) -> None:
        """A contributor makes tables and entities, a reader reads them; a table's errors are JSON."""
        entity = {"PartitionKey": "p", "RowKey": "r"}
        gated.give(TABLE_CONTRIBUTOR)
        made = [gated.table("POST", "Tables", {"TableName": "marks"}), gated.table("POST", "marks", entity)]
        gated.roles.take(gated.me, account_id("gated"), TABLE_CONTRIBUTOR)
        gated.give(TABLE_READER)
        read = gated.table("GET", "marks(PartitionKey='p',RowKey='r')")
        refused = [gated.table("POST", "marks", entity), gated.table("DELETE", "marks(PartitionKey='p',RowKey='r')")]

        assert [201, 201, 200] == [answer.status_code for answer in (*made, read)]
        assert ["AuthorizationPermissionMismatch"] * 2 == [one.json()["odata.error"]["code"] for one in refused]


class TestTokensKeysAndStrangers:
    """What a request has to bring."""

    def test_a_token_for_something_else_is_no_login(self, gated: Gated) -> None:
        """A token for Resource Manager is refused, with the challenge that names the right audience."""
        gated.give(BLOB_OWNER)
        token = gated.directory.issue_token(gated.me.client_id, "https://management.azure.com")
        with httpx.Client(verify=trust(gated.tls)) as client:
            answer = client.get(f"{gated.ends.blob}things/one", headers={"Authorization": f"Bearer {token}"})

        assert (401, "InvalidAuthenticationInfo") == (answer.status_code, answer.headers["x-ms-error-code"])
        assert "resource_id=https://storage.azure.com" in answer.headers["www-authenticate"]

    def test_an_account_without_keys_takes_none(self, gated: Gated) -> None:
        """Neither a key nor a signature made with one; a token still opens it."""
        gated.rule(takes_keys=False)
        gated.give(BLOB_READER)
        by_key = gated.things(credential={"account_name": "gated", "account_key": KEYS[0]})

        assert (403, "KeyBasedAuthenticationNotPermitted") == code(lambda: by_key.download_blob("one"))
        assert FINE == code(lambda: gated.things().download_blob("one"))

    def test_nobody_reads_a_blob_in_an_account_without_public_access(self, gated: Gated) -> None:
        """Azure's 409; a queue asks who it is."""
        with httpx.Client(verify=trust(gated.tls)) as client:
            blob, queue = client.get(f"{gated.ends.blob}things/one"), client.get(f"{gated.ends.queue}?comp=list")

        assert (409, "PublicAccessNotPermitted") == (blob.status_code, blob.headers["x-ms-error-code"])
        assert "<Code>PublicAccessNotPermitted</Code>" in blob.text
        assert (401, "NoAuthenticationInformation") == (queue.status_code, queue.headers["x-ms-error-code"])

    def test_an_upload_that_is_refused_hears_why(self, gated: Gated) -> None:
        """A large body is read to its end, so that the client hears the answer."""
        things = gated.things(max_single_put_size=1 << 25)

        assert MISMATCH == code(lambda: things.upload_blob("big", bytes(24 << 20)))


class TestNetworks:
    """An account's network rules come before keys and roles."""

    def from_app(self, gated: Gated, app: str = "/app") -> ContainerClient:
        return gated.things(base_headers=gated.azurite.headers(app))

    @pytest.mark.parametrize("how", [{"open_to_all": False}, {"public": False}])
    def test_a_firewall_keeps_out_whoever_comes_from_elsewhere(self, gated: Gated, how: dict[str, bool]) -> None:
        """`defaultAction: Deny` and `publicNetworkAccess: Disabled`, whatever role or key one has; ARM still works."""
        gated.network(**how)
        gated.give(BLOB_OWNER)
        by_key = gated.things(credential={"account_name": "gated", "account_key": KEYS[0]})

        assert FIREWALL == code(lambda: gated.things().download_blob("one"))
        assert FIREWALL == code(lambda: self.from_app(gated).download_blob("one"))
        assert FIREWALL == code(lambda: by_key.download_blob("one"))
        assert "things" in gated.azurite.containers("gated")

    def test_a_rule_for_an_address_lets_in_its_user_and_no_app(self, gated: Gated) -> None:
        """Apps of the account's own region come from no public address."""
        gated.network(open_to_all=False, addresses=(f"{OUTSIDE}/31",))
        gated.give(BLOB_OWNER)

        assert FINE == code(lambda: gated.things().download_blob("one"))
        assert FIREWALL == code(lambda: self.from_app(gated).download_blob("one"))

    def test_an_app_comes_in_through_its_subnet(self, gated: Gated) -> None:
        """A rule for the subnet that the app has joined; another app stays out."""
        gated.network(open_to_all=False, subnets=frozenset({SUBNET.lower()}))
        gated.law.subnets["/app"] = SUBNET
        gated.give(BLOB_OWNER)

        assert FINE == code(lambda: self.from_app(gated).download_blob("one"))
        assert FIREWALL == code(lambda: self.from_app(gated, "/another").download_blob("one"))

    def test_a_private_endpoint_leads_in_where_the_public_does_not(self, gated: Gated) -> None:
        """From every subnet of its virtual network; a rule for a subnet does not help then."""
        gated.network(public=False, subnets=frozenset({SUBNET.lower()}))
        gated.law.subnets["/app"] = SUBNET
        gated.give(BLOB_OWNER)
        before = code(lambda: self.from_app(gated).download_blob("one"))
        gated.network(public=False, private_networks=frozenset({SUBNET.lower().partition("/subnets/")[0]}))

        assert FIREWALL == before
        assert FINE == code(lambda: self.from_app(gated).download_blob("one"))


@pytest.mark.exhaustive
class TestSpeed:
    def test_large_blobs_go_straight_to_azurite(self, gated: Gated) -> None:
        """The check costs a request and not a copy: 64 MB come and go in the time that Azurite takes."""
        gated.give(BLOB_OWNER)
        body, things = bytes(64 << 20), gated.things(max_single_put_size=1 << 27, max_single_get_size=1 << 27)

        def seconds(client: ContainerClient) -> float:
            began = time.monotonic()
            client.upload_blob("big", body, overwrite=True)
            assert len(client.download_blob("big").readall()) == len(body)
            return time.monotonic() - began

        unasked = gated.azurite.client("gated").get_container_client("things")
        seconds(things)
        asked, plain = min(seconds(things), seconds(things)), min(seconds(unasked), seconds(unasked))

        assert asked < plain * 1.5 + 0.5
