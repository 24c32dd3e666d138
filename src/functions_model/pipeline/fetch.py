"""Registered models and environments: from a name in an Azure ML workspace to files on this machine."""

# ruff: noqa: PLC0415 - what speaks to Azure ML is imported where something is registered: few runs need it

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset
from functions_model.core.spec import DeploymentSpec, InlineEnvironment, Model
from functions_model.environment import EnvironmentRequest
from functions_model.pipeline.checks import check
from functions_model.pipeline.events import ModelFetched
from functions_model.pipeline.registered_files import ENVIRONMENTS, MODELS
from functions_model.pipeline.session import Session

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients


def fetch(
    spec: DeploymentSpec, request: EnvironmentRequest | None, session: Session
) -> tuple[DeploymentSpec, EnvironmentRequest]:
    """The spec with everything on this machine, and what the checks read of it.

    Args:
        spec: May name registered models and a registered environment.
        request: What the checks read before; None when they have to see what is fetched first.
        session: Logged in, if anything is registered.

    Raises:
        PlanRefused: The workspace has no such model or environment, or it may not be read.
        BundleFailed: A download broke off, or what was fetched does not fit.
        EnvironmentFailed: The environment's file is at fault.
    """
    if request is not None and not _registered(spec):
        return spec, request
    world = session.world
    with world.stage("Fetch from Azure ML"):
        models = tuple(_model(model, session) for model in spec.models)
        fetched = replace(spec, models=models, environment_file=_environment(spec, session))
        request = check(fetched, world)
    if request is None:
        raise TypeError("what was fetched is not on this machine")
    return fetched, request


def _registered(spec: DeploymentSpec) -> bool:
    return any(isinstance(asset, RegisteredAsset) for asset in (*spec.models, spec.environment_file))


def _model(model: Model | RegisteredAsset, session: Session) -> Model:
    if not isinstance(model, RegisteredAsset):
        return model
    from functions_model.azureml import download_model

    world = session.world
    ci, folder = world.ci, world.work / MODELS
    with _clients(model.workspace, session) as clients:
        found = download_model(model, clients, folder, report=ci.info, mask=ci.mask, credential=session.credential)
    world.tell(ModelFetched(model, found))
    return found


def _environment(spec: DeploymentSpec, session: Session) -> Path | InlineEnvironment | None:
    asset = spec.environment_file
    if not isinstance(asset, RegisteredAsset):
        return asset
    from functions_model.azureml import fetch_environment

    world = session.world
    with _clients(asset.workspace, session) as clients:
        return fetch_environment(asset, clients, world.work / ENVIRONMENTS, report=world.ci.info)


@contextmanager
def _clients(workspace: MachineLearningWorkspace, session: Session) -> Iterator[AzureClients]:
    """Clients for the workspace's subscription: the session's, where it has any."""
    if session.subscription:
        yield session.subscription.clients.of(workspace.subscription_id)
        return
    if session.credential is None or session.cloud is None:
        raise TypeError("registered assets need a login")
    from functions_model.azure.clients import AzureClients

    subscription, world = workspace.subscription_id, session.world
    clients = AzureClients(session.credential, subscription, session.cloud, report=world.ci.info)
    with closing(clients):
        yield clients
