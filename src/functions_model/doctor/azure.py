"""Azure: who logs in, and what a deployment would meet there. Each thing is asked for, whatever was found before."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import AzureError

from functions_model.azure.assignees import is_person
from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import Cloud, resolve_cloud
from functions_model.azure.errors import explain
from functions_model.azure.login import MaskingCredential, credential_for
from functions_model.azure.misread import understood
from functions_model.core.failures import Failure, InputsInvalid, PlanRefused, Problem
from functions_model.core.secrets import Login
from functions_model.core.spec import Access
from functions_model.core.tokens import claims_of
from functions_model.doctor.diagnosis import Diagnosis, State, beside, failure, fine, problem, unasked
from functions_model.doctor.registry import Registry, examine_registry
from functions_model.doctor.resources import examine_resources
from functions_model.inputs.readable import Readable
from functions_model.pipeline.session import World
from functions_model.provision.elsewhere import ROLES_ADMINISTRATOR, grant_command, subscriptions

_FEW: dict[str, Any] = {"retry_total": 1, "connection_timeout": 5, "read_timeout": 8}
"""Whoever asks a doctor does not wait for a service that is down."""
_THE_REST = ("subscription", "registry", "resources", "rights", "policies", "locks")
_REFUSED = PlanRefused.exit_code


@dataclass(slots=True)
class Patient:
    """What is known of the way to Azure so far.

    Attributes:
        readable: The inputs.
        world: What a run would have around it.
        cloud: None before the login.
        credential: None before the login.
        subscription: Its id; empty while it is not known.
        roleless: The login has no role in it.
    """

    readable: Readable
    world: World
    cloud: Cloud | None = None
    credential: MaskingCredential | None = None
    subscription: str = ""
    roleless: bool = False


def examine_azure(readable: Readable, world: World) -> Iterator[Diagnosis]:
    """Login, subscription, registry, resources, rights, policies and locks, in this order."""
    patient = Patient(readable, world, subscription=readable.subscription)
    yield from beside([("login", lambda: _log_in(patient))])
    if patient.credential is None or patient.cloud is None:
        yield from (unasked(topic, "there is no login") for topic in _THE_REST)
        return
    first = patient.subscription or "00000000-0000-0000-0000-000000000000"
    with closing(AzureClients(patient.credential, first, patient.cloud, options=_FEW)) as clients:
        yield from beside([("subscription", lambda: _subscription(patient, clients))])
        yield from _in_subscription(patient, clients)


def _in_subscription(patient: Patient, clients: AzureClients) -> Iterator[Diagnosis]:
    placed, rest = patient.readable.placed, _THE_REST[1:]
    if not patient.subscription or patient.roleless:
        why = "this login has no role in the subscription" if patient.roleless else "the subscription is not known"
        yield from (unasked(topic, why) for topic in rest)
    elif placed is None or placed.target is None or patient.cloud is None or patient.credential is None:
        lacking = ", ".join(f"`{one.subject}`" for one in (*patient.readable.missing, *patient.readable.problems))
        why = f"the inputs do not say what is deployed, and where ({lacking})" if lacking else "no app is named"
        yield from (unasked(topic, why) for topic in rest)
    else:
        registry = Registry(placed, clients.of(patient.subscription), patient.cloud, patient.credential, patient.world)
        yield from beside([("registry", lambda: examine_registry(registry))])
        yield from examine_resources(registry)


def _log_in(patient: Patient) -> Iterator[Diagnosis]:
    login, lacking = patient.readable.login, patient.readable.missing_of_login
    if login is None or lacking:
        names = ", ".join(f"`{name}`" for name in lacking)
        what = f"a login of this job needs {names}" if lacking else "its inputs are wrong"
        remedy = "Set them to the ids of the application, and of the tenant that it is in."
        yield problem("login", Problem(what, remedy), InputsInvalid.exit_code)
        return
    try:
        cloud = resolve_cloud(login.cloud)
        credential = credential_for(login, cloud, patient.world.ci, options=_FEW)
        token = credential.get_token(cloud.arm_scope).token
    except Failure as error:
        yield from failure("login", error)
        return
    patient.cloud, patient.credential = cloud, credential
    yield fine("login", _who(claims_of(token), login, cloud))


def _who(claims: dict[str, Any], login: Login, cloud: Cloud) -> str:
    """Ids alone: a person's name is nobody's business."""
    kind = "a person" if is_person(claims) else "an application or a managed identity"
    by = "a client secret" if login.client_secret else str(login.kind)
    place = f"the tenant `{claims.get('tid', '?')}` of {cloud.name}"
    return f"{kind}, object id `{claims.get('oid', '?')}`, by {by}, in {place}"


def _subscription(patient: Patient, clients: AzureClients) -> Iterator[Diagnosis]:
    """The one that is given, or the only one that the login sees."""
    try:
        with understood():
            seen = list(subscriptions(clients))
    except AzureError as exc:
        error = explain(exc, "list the subscriptions")
        yield problem("subscription", Problem(error.reason, error.remedy), _REFUSED)
        return
    given = patient.subscription or (str(seen[0]["subscriptionId"]) if len(seen) == 1 else "")
    patient.subscription = given
    found = next((one for one in seen if str(one["subscriptionId"]).lower() == given.lower()), None)
    if found:
        yield _state(found)
    elif seen and not given:
        yield unasked("subscription", f"this login sees {len(seen)}, and `subscription-id` is not set", _SAY_WHICH)
    else:
        patient.roleless = bool(given)
        what = f"this login has no role in `{given}`" if given else "this login has no role in any subscription"
        yield problem("subscription", Problem(what, _role_command(patient, clients)), _REFUSED)


_SAY_WHICH = 'Say which: `functions-model doctor --subscription-id "$(az account show --query id --output tsv)"`.'


def _role_command(patient: Patient, clients: AzureClients) -> str:
    """What lets it deploy into the group, if that is known."""
    placed, check = patient.readable.placed, "Check `subscription-id`. " if patient.subscription else ""
    if not patient.subscription or placed is None or placed.target is None:
        return f"{check}Ask an owner of the subscription for a role in it."
    group, roles = placed.target.names.group, ["Contributor"]
    if placed.target.access is Access.IDENTITY:
        roles.append(ROLES_ADMINISTRATOR)
    scope = f"/subscriptions/{patient.subscription}/resourceGroups/{shlex.quote(group)}"
    commands = ", then ".join(f"`{grant_command(clients, role, scope)}`" for role in roles)
    return f"{check}If it is the right one, ask an owner to run {commands}, once the group is there."


def _state(document: dict[str, Any]) -> Diagnosis:
    name, state = document.get("displayName") or "?", str(document.get("state") or "Enabled")
    what = f"`{name}` (`{document.get('subscriptionId')}`) is {state.lower()}"
    if state in {"Enabled", "Warned"}:
        return fine("subscription", what)
    remedy = "Ask its owner to enable it again (portal: Subscriptions), or set `subscription-id` to another one."
    return Diagnosis("subscription", State.PROBLEM, what, remedy, _REFUSED)
