"""Microsoft.Storage on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.operations import polling_url
from azure_sandbox.arm.routing import GROUP, LOGIN_ONLY, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.storage.signatures import account_signature
from azure_sandbox.arm.storage.state import NAMESPACE, TYPE

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations, Operations
    from azure_sandbox.arm.storage.state import StorageAccounts
    from azure_sandbox.arm.store import Resource, Store


class StorageResponses:
    """The handlers."""

    def __init__(self, store: Store, accounts: StorageAccounts, operations: Operations, durations: Durations) -> None:
        self._store = store
        self._accounts = accounts
        self._operations = operations
        self._durations = durations

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        provider, kind = f"{SUBSCRIPTION}/providers/{NAMESPACE}", f"{GROUP}/providers/{TYPE}"
        one = f"{kind}/{{name}}"
        containers = f"{one}/blobServices/default/containers"
        free = "Microsoft.Storage/checknameavailability/read"
        polls = f"{provider}/locations/{{location}}/asyncoperations/{{operation}}"
        return [
            ArmRoute("POST", f"{provider}/checkNameAvailability", self._check_name, free),
            ArmRoute("GET", polls, self._operations.poll, LOGIN_ONLY),
            ArmRoute("GET", f"{SUBSCRIPTION}/providers/{TYPE}", self._list, lists=True),
            ArmRoute("GET", kind, self._list),
            ArmRoute("GET", one, self._get),
            ArmRoute("PUT", one, self._put),
            ArmRoute("PATCH", one, self._patch),
            ArmRoute("DELETE", one, self._delete),
            ArmRoute("POST", f"{one}/listKeys", self._list_keys),
            ArmRoute("POST", f"{one}/listAccountSas", self._list_account_sas),
            ArmRoute("GET", containers, self._list_containers),
            ArmRoute("GET", f"{containers}/{{container}}", self._get_container),
            ArmRoute("PUT", f"{containers}/{{container}}", self._put_container),
            ArmRoute("DELETE", f"{containers}/{{container}}", self._delete_container),
        ]

    def _check_name(self, request: ArmRequest) -> ArmResponse:
        found = self._accounts.check_name(str(request.body.get("name", "")))
        if found is None:
            return ArmResponse(200, {"nameAvailable": True})
        return ArmResponse(200, {"nameAvailable": False, "reason": found[0], "message": found[1]})

    def _list(self, request: ArmRequest) -> ArmResponse:
        found = self._store.list(resource_type=TYPE, within=request.within)
        return listing([one.wire() for one in found])

    def _get(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._account(request).wire())

    def _put(self, request: ArmRequest) -> ArmResponse:
        account, created = self._accounts.put(_id(request), request.body)
        if not created:
            return ArmResponse(200, account.wire())

        operation = self._operations.start(
            self._durations.storage,
            lambda: ArmResponse(200, account.wire()),
            finish=lambda: self._accounts.finish(account),
        )
        path = (
            f"/subscriptions/{request.subscription}/providers/{NAMESPACE}/locations/{account.location}/asyncoperations"
        )
        url = polling_url(request, path, operation, "monitor=true&")
        # An empty body, as text: the service says nothing before the account is there.
        return ArmResponse(202, headers=self._operations.headers(operation, url))

    def _patch(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, self._accounts.patch(self._account(request), request.body).wire())

    def _delete(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200 if self._store.remove(_id(request)) else 204)

    def _list_keys(self, request: ArmRequest) -> ArmResponse:
        created = self._account(request).properties["creationTime"]
        keys = [
            {"keyName": f"key{number}", "value": value, "permissions": "FULL", "creationTime": created}
            for number, value in enumerate(self._accounts.keys(request.name), 1)
        ]
        return ArmResponse(200, {"keys": keys})

    def _list_account_sas(self, request: ArmRequest) -> ArmResponse:
        account = self._account(request).id.name
        token = account_signature(account, self._accounts.keys(account), request.body)
        return ArmResponse(200, {"accountSasToken": token})

    def _list_containers(self, request: ArmRequest) -> ArmResponse:
        account = self._account(request)
        found = self._accounts.containers(account)
        return listing([_container(account, name, properties) for name, properties in found.items()])

    def _get_container(self, request: ArmRequest) -> ArmResponse:
        account, name = self._account(request), request.values["container"]
        found = self._accounts.containers(account).get(name)
        if found is None:
            error = {"code": "ContainerNotFound", "message": "The specified container does not exist."}
            return ArmResponse(404, {"error": error})
        return ArmResponse(200, _container(account, name, found))

    def _put_container(self, request: ArmRequest) -> ArmResponse:
        account, name = self._account(request), request.values["container"]
        properties = request.properties if request.payload else {}
        found, created = self._accounts.create_container(account, name, properties)
        return ArmResponse(201 if created else 200, _container(account, name, found))

    def _delete_container(self, request: ArmRequest) -> ArmResponse:
        removed = self._accounts.remove_container(self._account(request), request.values["container"])
        return ArmResponse(200 if removed else 204)

    def _account(self, request: ArmRequest) -> Resource:
        return self._store.get(_id(request))


def _id(request: ArmRequest) -> ResourceId:
    return ResourceId(request.subscription, request.group, NAMESPACE, ("storageAccounts",), (request.name,))


def _container(account: Resource, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    kind = "blobServices/containers"
    resource_id = f"{account.id}/blobServices/default/containers/{name}"
    return {"id": resource_id, "name": name, "type": f"{TYPE}/{kind}", "properties": properties}
