"""What is wanted, what is there, the difference, and making it so."""

from functions_model.provision.access.data_place import data_place
from functions_model.provision.access.readiness import readiness
from functions_model.provision.access.registries import find_registry, role_on_registry
from functions_model.provision.access.rights import missing_rights
from functions_model.provision.applying.making import BegunAhead, apply, begin_ahead
from functions_model.provision.applying.outcome import Applied
from functions_model.provision.changes import Action, Change, ChangeSet, FieldChange, Written
from functions_model.provision.context import RunContext
from functions_model.provision.first_look import with_the_rest
from functions_model.provision.host import ResourcePlan, Wanted
from functions_model.provision.nouns import RegistryResource
from functions_model.provision.observed import LiveApp, Observed
from functions_model.provision.observing import observe
from functions_model.provision.planning import plan
from functions_model.provision.releases import PutBack, ReleasingHost
from functions_model.provision.wanted import wanted_for

__all__ = [
    "Action",
    "Applied",
    "BegunAhead",
    "Change",
    "ChangeSet",
    "FieldChange",
    "LiveApp",
    "Observed",
    "PutBack",
    "RegistryResource",
    "ReleasingHost",
    "ResourcePlan",
    "RunContext",
    "Wanted",
    "Written",
    "apply",
    "begin_ahead",
    "data_place",
    "find_registry",
    "missing_rights",
    "observe",
    "plan",
    "readiness",
    "role_on_registry",
    "wanted_for",
    "with_the_rest",
]
