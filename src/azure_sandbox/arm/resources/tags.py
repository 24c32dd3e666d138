"""Tags by themselves, of any resource or group: `Microsoft.Resources/tags`, and what Azure takes as a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.ids import parse_id
from azure_sandbox.arm.messages import ArmResponse
from azure_sandbox.arm.routing import ArmRoute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.store import Store
    from azure_sandbox.arm.subscriptions import Subscriptions

_FORBIDDEN = "<>%&\\?/"
_LONGEST_NAME, _LONGEST_VALUE, _MOST = 512, 256, 50
_PATH = "{scope}/providers/Microsoft.Resources/tags/default"


def check_tags(request: ArmRequest) -> ArmRequest:
    """The request, if Azure takes the tags in it.

    Raises:
        ArmError: InvalidTagNameCharacters, InvalidTagName, InvalidTagValue, or too many.
    """
    if request.method in {"PUT", "PATCH"} and isinstance(request.payload, dict):
        tags = request.payload.get("tags")
        check(tags if isinstance(tags, dict) else {})
    return request


def check(tags: Mapping[str, Any]) -> None:
    """https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations.

    Raises:
        ArmError: InvalidTagNameCharacters, InvalidTagName, InvalidTagValue, or too many.
    """
    bad = [name for name in tags if any(char in _FORBIDDEN or ord(char) < 32 for char in name)]
    if bad and not bad[0].startswith("hidden-"):
        message = f"The tag names '{', '.join(bad)}' have reserved characters '<,>,%,&,\\,?,/' or control characters."
        raise invalid(message, "InvalidTagNameCharacters")
    if any(len(name) > _LONGEST_NAME for name in tags):
        message = f"Tag key too large. Following tag name exceeded the maximum length: {_LONGEST_NAME}."
        raise invalid(message, "InvalidTagName")
    if any(len(str(value)) > _LONGEST_VALUE for value in tags.values()):
        raise invalid(f"Tag value too large. The maximum length is {_LONGEST_VALUE}.", "InvalidTagValue")
    if len(tags) > _MOST:
        raise invalid(f"The resource has {len(tags)} tags. The maximum is {_MOST}.", "TooManyTags")
    if len({name.lower() for name in tags}) < len(tags):
        raise invalid("Tag names are compared without regard to case, and one is there twice.", "InvalidTagName")


class TagsResponses:
    """The handlers."""

    def __init__(self, store: Store, subscriptions: Subscriptions) -> None:
        self._store = store
        self._subscriptions = subscriptions

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        return [ArmRoute("GET", _PATH, self._get), ArmRoute("PATCH", _PATH, self._patch)]

    def live(self, scope: str) -> dict[str, Any] | None:
        """A resource or group as it is now; None when it is not there."""
        found = parse_id(scope)
        if found is None:
            return None
        if found.namespace:
            resource = self._store.find(found)
            return resource.wire() if resource else None
        groups = self._subscriptions.get(found.subscription).groups
        return groups.get(found.group).wire() if groups.exists(found.group) else None

    def _get(self, request: ArmRequest) -> ArmResponse:
        return self._shown(request.values["scope"], self._tags(request))

    def _patch(self, request: ArmRequest) -> ArmResponse:
        """Merge, Replace or Delete. Names have no case: one that is there keeps its spelling."""
        scope, there = request.values["scope"], self._tags(request)
        sent: dict[str, str] = request.properties.get("tags") or {}
        operation = str(request.body.get("operation"))
        spelled = {name.lower(): name for name in there}
        own = {spelled.get(name.lower(), name): value for name, value in sent.items()}
        if operation not in {"Merge", "Replace", "Delete"}:
            raise invalid(f"The tag operation '{operation}' is not supported.")
        kept = {name: value for name, value in there.items() if operation == "Merge" or name not in own}
        tags = sent if operation == "Replace" else {**there, **own} if operation == "Merge" else kept
        check(tags)
        self._write(scope, dict(tags))
        return self._shown(scope, tags)

    def _tags(self, request: ArmRequest) -> dict[str, str]:
        live = self.live(request.values["scope"])
        if live is None:
            raise ArmError(404, "ResourceNotFound", f"The resource '{request.values['scope']}' was not found.")
        return dict(live.get("tags") or {})

    def _write(self, scope: str, tags: dict[str, str]) -> None:
        if resource := self._store.find(scope):
            with self._store.lock:
                resource.tags = tags
            return
        found = parse_id(scope)
        if found:
            self._subscriptions.get(found.subscription).groups.change_tags(found.group, tags)

    def _shown(self, scope: str, tags: Mapping[str, str]) -> ArmResponse:
        document = {
            "id": f"{scope}/providers/Microsoft.Resources/tags/default",
            "name": "default",
            "type": "Microsoft.Resources/tags",
            "properties": {"tags": dict(tags)},
        }
        return ArmResponse(200, document)
