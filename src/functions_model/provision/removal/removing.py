"""Making a removal so: each resource goes as soon as what needs it is gone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.finishing import finished
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import ApplyIncomplete
from functions_model.provision.applying.graph import Graph
from functions_model.provision.applying.incomplete import incomplete, told
from functions_model.provision.applying.outcome import Applied
from functions_model.provision.changes import Action, Change, Written
from functions_model.provision.context import ALONE, Patience, RunContext
from functions_model.provision.kinds import provider, resource_group, role_assignment
from functions_model.provision.removable import Deletion
from functions_model.provision.removal.planning import RemovalPlan, names_left
from functions_model.provision.removal.surveying import removable


def remove(
    plan: RemovalPlan,
    clients: AzureClients,
    context: RunContext = ALONE,
) -> Applied:
    """Delete what the plan says. What is gone already, perhaps by a run that was stopped, counts as deleted.

    Args:
        plan: From `removal_plan`.
        clients: Of the subscription.
        context: What the run lends.

    Raises:
        ApplyIncomplete: A resource could not be deleted. Those that it does not need were; the detail lists all.
        Failure: A login that no longer holds.
    """
    started = context.clock()
    remover = _Remover(plan, clients, context)
    deletions = [change for change in plan.changes if change.action is Action.DELETE]
    outcomes = Graph(deletions, lambda change, _: remover.remove(change), {}).outcomes()
    if any(outcomes.values()):
        raise incomplete(outcomes)
    kept = tuple(change for change in plan.changes if change.action is Action.KEEP)
    return Applied(tuple(remover.done), kept, context.clock() - started)


@dataclass(slots=True)
class _Remover:
    """Removes one resource at a time. Safe to use from many threads."""

    plan: RemovalPlan
    clients: AzureClients
    context: RunContext
    done: list[Written] = field(default_factory=list)

    def remove(self, change: Change) -> None:
        context = self.context
        begun = context.clock()
        patience = Patience(str(change), context.sleep, context.report, partial(_register, self.clients))
        with CANCEL.work(str(change)):
            with suppress(ResourceNotFoundError):
                patience.through(lambda: self._delete(change, patience))
            done = Written(change, context.clock() - begun)
            self.done.append(done)
            context.written(done)
        context.report(told(done))

    def _delete(self, change: Change, patience: Patience) -> None:
        group = self.plan.spec.names.group
        if change.kind == role_assignment.KIND:
            self.clients.authorization.role_assignments.delete_by_id(change.resource_id.lstrip("/"))
        elif change.kind == resource_group.KIND:
            patience.until(partial(self._is_empty, change), "the end of what was in the group")
            finished(self.clients.resource.resource_groups.begin_delete(resource_group_name=group))
        else:
            kind = next(kind for kind in removable(self.plan.host) if kind.name == change.kind)
            if kind.removal:
                kind.removal.delete(Deletion(self.clients, group, change.name, patience))

    def _is_empty(self, change: Change) -> bool:
        """Deleting a group deletes all that is in it: so it is looked at again before, and must be empty.

        The list of resources is a copy that lags behind: what has just been deleted may be in it for some seconds.

        Raises:
            ApplyIncomplete: Somebody has put something into it meanwhile.
        """
        ids = [str(one.id) for one in self.clients.resource.resources.list_by_resource_group(change.name)]
        if others := names_left(ids, self.plan.changes):
            what = f"it holds {', '.join(f'`{name}`' for name in others)}, which appeared after the plan"
            raise ApplyIncomplete(f"remove {change}", what, "Run again: a group with anything in it stays.")
        return not ids


def _register(clients: AzureClients, patience: Patience, namespace: str) -> None:
    provider.register(clients, namespace, patience)
