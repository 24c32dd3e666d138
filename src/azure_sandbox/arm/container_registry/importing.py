"""`importImage`: a registry takes an image from another one, and its bytes never pass the client."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, invalid, not_linked
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.messages import ArmResponse
from azure_sandbox.arm.operations import polling_url
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.contract import ImageImport, ImportRefused, TagExists

if TYPE_CHECKING:
    from azure_sandbox.arm.authorization.state import RoleAssignments
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations, Operations
    from azure_sandbox.arm.store import Store
    from azure_sandbox.contract import RegistryPlatform

_NAMESPACE = "Microsoft.ContainerRegistry"
_TYPE = f"{_NAMESPACE}/registries"
_READING = (f"{_TYPE}/read", f"{_TYPE}/pull/read")
_MODES = {"noforce": False, "force": True}


class ImportResponses:
    """The handler.

    Args:
        store: Where resources are kept.
        platform: Brings registries to life.
        assignments: Says who may read the source.
        operations: Long-running ones.
        durations: How long they take.
    """

    def __init__(
        self,
        store: Store,
        platform: RegistryPlatform,
        assignments: RoleAssignments,
        operations: Operations,
        durations: Durations,
    ) -> None:
        self._store = store
        self._platform = platform
        self._assignments = assignments
        self._operations = operations
        self._durations = durations

    def routes(self) -> list[ArmRoute]:
        """Where it answers."""
        return [ArmRoute("POST", f"{GROUP}/providers/{_TYPE}/{{name}}/importImage", self._import)]

    def _import(self, request: ArmRequest) -> ArmResponse:
        """202 with a Location; names that must not be moved, and sources that cannot be read, are refused at once."""
        target_id = ResourceId(request.subscription, request.group, _NAMESPACE, ("registries",), (request.name,))
        target = self._store.get(target_id)
        wanted = _read(request.body)
        self._check_source(request, wanted.source)
        try:
            copy = self._platform.prepare_import(str(target.id), wanted)
        except ImportRefused as refused:
            status, code = (409, "Conflict") if isinstance(refused, TagExists) else (400, "InvalidParameters")
            message = f"Operation registries-{uuid.uuid4()} failed. Resource {target.id} {refused}"
            raise ArmError(status, code, message) from refused
        operation = self._operations.start(self._durations.image_import, lambda: ArmResponse(200), finish=copy)
        path = SUBSCRIPTION.format(subscription=request.subscription)
        path += f"/providers/{_NAMESPACE}/locations/{target.location}/operationResults"
        return ArmResponse(202, headers=self._operations.headers(operation, polling_url(request, path, operation)))

    def _check_source(self, request: ArmRequest, source: str) -> None:
        """A registry that is named by its id, of any subscription, is read with the caller's own rights.

        AcrPull alone is not enough: the documents ask for Reader (learn.microsoft.com/azure/container-registry/
        container-registry-import-images, Azure/acr#237).
        """
        if not source.startswith("/"):
            return
        if self._store.find(source) is None:
            raise ArmError(404, "ResourceNotFound", f"The source registry '{source}' was not found.")
        caller, scope = request.caller, request.path.removesuffix("/importImage")
        for action in _READING:
            if caller is None or not self._assignments.allows(caller.object_id, action, source):
                raise not_linked(caller, f"{_TYPE}/importImage/action", scope, action, source)


def _read(body: dict[str, Any]) -> ImageImport:
    """What is asked for.

    Raises:
        ArmError: InvalidParameters.
    """
    source = body.get("source") or {}
    given = [text for name in ("resourceId", "registryUri") if (text := str(source.get(name) or "").strip())]
    image = str(source.get("sourceImage") or "")
    if len(given) != 1 or not image:
        raise invalid("The source needs a sourceImage, and one of resourceId and registryUri.", "InvalidParameters")
    mode = str(body.get("mode") or "NoForce").lower()
    if mode not in _MODES:
        raise invalid(f"The mode '{body.get('mode')}' is invalid: Force or NoForce.", "InvalidParameters")
    repository, reference = _split(image)
    tag = "latest" if reference.startswith("sha256:") else reference
    untagged = tuple(str(name) for name in body.get("untaggedTargetRepositories") or [])
    names = [str(name) for name in body.get("targetTags") or []] or ([] if untagged else [repository])
    targets = tuple((name.partition(":")[0], name.partition(":")[2] or tag) for name in names)
    login = source.get("credentials") or {}
    return ImageImport(
        source=given[0].removeprefix("https://").rstrip("/"),
        repository=repository,
        reference=reference,
        targets=targets,
        untagged=untagged,
        force=_MODES[mode],
        login=(str(login.get("username") or ""), str(login.get("password") or "")) if login else None,
    )


def _split(image: str) -> tuple[str, str]:
    """Repository, and digest or tag."""
    repository, _, digest = image.partition("@")
    if digest:
        return repository.partition(":")[0], digest
    repository, _, tag = image.partition(":")
    return repository, tag or "latest"
