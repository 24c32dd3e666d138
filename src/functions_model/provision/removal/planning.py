"""What may go and what stays, each with its reason. Pure: no request is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from functions_model.core.names import Names
from functions_model.core.spec import RemovalSpec
from functions_model.core.tags import MANAGED_BY
from functions_model.provision.changes import Action, Change, ChangeSet, key_of
from functions_model.provision.host import Found, Host
from functions_model.provision.kinds import (
    application_insights,
    identity,
    log_analytics_workspace,
    resource_group,
    role_assignment,
)
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.removable import RolesHeld, Standing
from functions_model.provision.removal.surveying import removable

_GROUP = resource_group.KIND
_SHOWN = 3
"""How many of what is in the way are named."""
_TAG = ": ".join(MANAGED_BY)
MADE = f"it has the tag `{_TAG}`"
NOT_MADE = f"this action did not create it: it lacks the tag `{_TAG}`"


def removal_of(one: Standing, reason: str, depends_on: tuple[str, ...] = ()) -> Change:
    """The change that removes it, after those that it depends on."""
    return Change(one.kind, one.name, Action.DELETE, (), reason, depends_on, one.id)


@dataclass(frozen=True, slots=True)
class RemovalPlan(ChangeSet):
    """What goes, in the order in which it can, and what stays, with the reason."""

    spec: RemovalSpec = field(repr=False)
    host: Host = field(repr=False)

    @property
    def names(self) -> Names:
        """Where the deployment is."""
        return self.spec.names


def removal_plan(spec: RemovalSpec, found: Found, portal: str = "") -> RemovalPlan:
    """What a removal would do.

    Args:
        spec: The deployment.
        found: What is there of it.
        portal: https URL of the cloud's portal, for links; empty when it has none.
    """
    changes = [*found.host.candidate_changes(spec, found)] if spec.names.candidate else _whole(spec, found)
    return RemovalPlan(tuple(_linked(change, portal) for change in changes), spec, found.host)


def _whole(spec: RemovalSpec, found: Found) -> list[Change]:
    changes = [*_own(spec, found), *_other_groups(spec, found.host)]
    return [*changes, *_group(found, changes)]


def _own(spec: RemovalSpec, found: Found) -> Iterator[Change]:
    for one in found.resources:
        if reason := _why_it_stays(one, spec, found):
            yield Change(one.kind, one.name, Action.KEEP, reason=reason, resource_id=one.id)
            continue
        if one.kind == identity.KIND:
            why = "its identity is removed; Azure would leave the assignment behind"
            yield from role_changes(found.roles, why, _app_keys(found))
        yield _own_removal(one, spec, found)


def role_changes(roles: RolesHeld, why: str, depends_on: tuple[str, ...] = ()) -> Iterator[Change]:
    """What happens to the role assignments of an identity that goes, or that nobody needs any more."""
    yield from (removal_of(role, why, depends_on) for role in roles.removable)
    for name, reason in roles.staying.items():
        yield Change(role_assignment.KIND, name, Action.KEEP, reason=reason)


def _why_it_stays(one: Standing, spec: RemovalSpec, found: Found) -> str:
    """The first reason; empty when it may go."""
    app = found.of(found.host.kind)
    if not one.ours:
        return NOT_MADE
    if app is not None and not app.ours:
        return f"the function app `{app.name}` may use it, and stays"
    if _is_foundation(one, found) and found.plan_apps:
        return f"it carries other apps: {_names(found.plan_apps)}"
    if one.kind == identity.KIND and found.identity_apps:
        return f"other apps run as it: {_names(found.identity_apps)}"
    return _why_its_use_keeps_it(one, spec, found)


def _why_its_use_keeps_it(one: Standing, spec: RemovalSpec, found: Found) -> str:
    how = next((kind.removal for kind in removable(found.host) if kind.name == one.kind), None)
    if how and how.holds_data and not spec.with_data:
        return "it holds data; `destroy-data: true` removes it"
    if how and how.used_by_roles and (sharers := found.sharers.get(one.id)):
        return f"other deployments use it, with roles for {_names(sharers)}"
    if one.kind == log_analytics_workspace.KIND and (based := _components_left(spec, found)):
        return f"Application Insights components keep their data in it: {_names(based)}"
    return ""


def _is_foundation(one: Standing, found: Found) -> bool:
    return any(one.kind == kind.name for kind in found.host.foundations)


def _components_left(spec: RemovalSpec, found: Found) -> list[str]:
    """Names of those on the workspace that stay."""
    gone = _component_that_goes(spec, found)
    return [one.rpartition("/")[2] for one in found.components if gone is None or one.lower() != gone.id.lower()]


def _component_that_goes(spec: RemovalSpec, found: Found) -> Standing | None:
    own = found.of(application_insights.KIND)
    return None if own is None or _why_it_stays(own, spec, found) else own


def _own_removal(one: Standing, spec: RemovalSpec, found: Found) -> Change:
    """The app goes first, so that it never runs without what it needs; what roles are held on goes after them.

    A component goes before its workspace.
    """
    if one.kind == found.host.kind:
        return replace(removal_of(one, MADE), fields=found.host.goes_with(one, found.members))
    keys = _app_keys(found)
    if not _is_foundation(one, found):
        keys += found.roles.keys
    if one.kind == log_analytics_workspace.KIND and (component := _component_that_goes(spec, found)):
        keys += (key_of(component.kind, component.name),)
    return removal_of(one, MADE, keys)


def _app_keys(found: Found) -> tuple[str, ...]:
    app = found.of(found.host.kind)
    return (key_of(app.kind, app.name),) if app else ()


def _other_groups(spec: RemovalSpec, host: Host) -> Iterator[Change]:
    named = {given: (kind.name, name_of) for kind in kinds_of(host) for given, name_of in kind.named_by.items()}
    for given, group in spec.resources.other_groups.items():
        kind, name_of = named[given]
        reason = f"it is in the resource group `{group}`, where the action creates and removes nothing"
        if given in spec.resources.other_subscriptions:
            place = spec.resources.group_id_of(given, spec.names)
            reason = f"it is in another subscription (`{place}`), where the action removes only roles"
        yield Change(kind, name_of(spec.resources) or "", Action.KEEP, reason=reason)


def _group(found: Found, changes: Sequence[Change]) -> Iterator[Change]:
    """The group, last of all, when nothing would be left in it."""
    group = found.group
    if group is None:
        return
    left = names_left(found.members, changes)
    if not group.ours or left:
        reason = f"it still contains {_names(left)}" if group.ours else NOT_MADE
        yield Change(group.kind, group.name, Action.KEEP, reason=reason, resource_id=group.id)
    else:
        yield removal_of(
            group,
            f"{MADE}, and will be empty",
            tuple(change.key for change in changes if change.action is Action.DELETE),
        )


def names_left(members: Iterable[str], changes: Sequence[Change]) -> list[str]:
    """Names of what the changes leave of a group's members, given by id; what lies below a resource goes with it."""
    ids = [change.resource_id.lower() for change in changes if change.action is Action.DELETE and change.kind != _GROUP]
    gone = tuple(f"{one}/" for one in ids)
    return [one.rpartition("/")[2] for one in members if not f"{one.lower()}/".startswith(gone)]


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


def _linked(change: Change, portal: str) -> Change:
    """With its link, unless it is an assignment of a role: the portal has no page for one."""
    has_page = portal and change.resource_id and "/roleassignments/" not in change.resource_id.lower()
    return replace(change, link=f"{portal}/#resource{change.resource_id}") if has_page else change
