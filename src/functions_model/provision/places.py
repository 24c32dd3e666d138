"""Where resources are: those of other groups, names that somebody else has, and regions."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from azure.core.exceptions import HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.core.names import Names
from functions_model.provision.host import Wanted
from functions_model.provision.nouns import place_of
from functions_model.provision.observed import Piece


@dataclass(frozen=True, slots=True)
class ObservedNames(Piece):
    """Names that must be unique in all of Azure, of what is to be made.

    Attributes:
        refusals: Why one cannot be had, by type and name (`place_of`); None for one that can.
        unknown: Those that nobody could say anything of: `function app iris`.
    """

    refusals: Mapping[str, NameRefusal | None] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def refusal(self, resource_type: str, name: str) -> NameRefusal | None:
        """Why the name cannot be had; None when it can, or when it was not asked for."""
        return self.refusals.get(place_of(resource_type, name))


@dataclass(frozen=True, slots=True)
class NameRefusal:
    """Why a name that is unique in all of Azure cannot be had.

    Attributes:
        message: What the service said.
        group: The resource group of this subscription that has it; empty when it is somebody else's, None when that
            could not be asked.
        is_new: It was not there when this run looked, and is in the app's own group by now.
    """

    message: str
    group: str | None
    is_new: bool = False

    @property
    def reason(self) -> str:
        """The first sentence of what the service said, without its full stop. What to do then is ours to say."""
        return self.message.partition(". ")[0].rstrip(".")

    def problem(self, kind: str, name: str, subject: str) -> Problem:
        """In words, with the value to write for the input `subject`."""
        if self.is_new:
            what = f"the {kind} `{name}` did not exist when this run looked: another run has created it since"
            return Problem(what, "Run again when that run has ended.", subject)
        if self.group:
            what = f"the {kind} `{name}` is in the resource group `{self.group}` of this subscription"
            remedy = f"Set `{subject}` to `{self.group}/{name}` to use it, or to another name to create one."
            return Problem(what, remedy, subject)
        whose = "" if self.group is None else ": this one belongs to somebody outside of the subscription"
        what = f"the {kind} `{name}` cannot be created: {self.reason}"
        return Problem(what, f"Set `{subject}` to another name{whose}.", subject)


def refusal_of(clients: AzureClients, resource_type: str, name: str, said: str) -> NameRefusal:
    """The refusal of a name, with one look at whether it is ours in another resource group."""
    try:
        found = list(clients.resource.resources.list(filter=f"resourceType eq '{resource_type}' and name eq '{name}'"))
    except HttpResponseError:
        # A login whose rights end at the group may not ask; the refusal stands without it.
        return NameRefusal(said, None)
    return NameRefusal(said, next((group_in(str(one.id)) for one in found), ""))


def not_there(kind: str, resource_type: str, name: str, wanted: Wanted, subject: str) -> Problem:
    """A resource that the input `subject` names in another group, where it is not: nothing is made there."""
    group = wanted.group_of(resource_type, name)
    what = f"there is no {kind} `{name}` in the resource group `{group}` that this login can see"
    remedy = f"Check `{subject}`. The action looks for a name without a group in `{wanted.names.group}`."
    return Problem(what, remedy, subject)


def group_in(resource_id: str) -> str:
    """The resource group in an ARM id; empty in what is none."""
    return _part(resource_id, 4)


def subscription_in(resource_id: str) -> str:
    """The subscription in an ARM id; empty in what is none."""
    return _part(resource_id, 2)


def _part(resource_id: str, number: int) -> str:
    return next(iter(resource_id.split("/")[number : number + 1]), "")


def is_elsewhere(resource_id: str, names: Names) -> bool:
    """Whether what an ARM id names is in another subscription than the app."""
    return subscription_in(resource_id).lower() != names.subscription.lower()


def group_of_id(resource_id: str) -> str:
    """ARM id of the resource group in an ARM id."""
    return "/".join(resource_id.split("/")[:5])


def value_for(resource_id: str, wanted: Wanted) -> str:
    """What an input must say to mean a resource: its name, or `<group>/<name>` outside of the app's group."""
    group, name = group_in(resource_id), resource_id.rpartition("/")[2]
    return name if group.lower() == wanted.names.group.lower() else f"{group}/{name}"


def same_region(name: str) -> str:
    """`westeurope` for `West Europe`: services answer with either."""
    return name.replace(" ", "").lower()


def no_such_region(location: str, regions: Collection[str]) -> Problem | None:
    """A region that is none of those that there are, with what may have been meant; None when it is one.

    Args:
        location: As `same_region` spells it.
        regions: In the same spelling; empty when they are not known.
    """
    if not regions or location in regions:
        return None
    near = difflib.get_close_matches(location, sorted(regions), n=2, cutoff=0.8)
    names = " or ".join(f"`{name}`" for name in near)
    remedy = f"Did you mean {names}?" if near else f"Set `location` to one of: {', '.join(sorted(regions))}."
    return Problem(f"there is no region `{location}` for this subscription", remedy, "location")
