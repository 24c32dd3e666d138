"""What would fail in Azure, looked for as soon as what it takes is known, and told before anything is written there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from functions_model.core.build import Preflight
from functions_model.pipeline.base_libraries import BaseLibraries
from functions_model.pipeline.contents import DependenciesKnown
from functions_model.pipeline.prepare import Making
from functions_model.pipeline.registered_files import as_registered
from functions_model.pipeline.session import World
from functions_model.preflight.checks import followed, of_everything, of_files
from functions_model.preflight.finding import Finding, settle
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.libraries import check_libraries
from functions_model.preflight.project import Project, project_of
from functions_model.preflight.unused import for_development


def look_at_files(making: Making) -> None:
    """What the user's files alone say. Nothing was sent yet.

    Raises:
        PreflightFailed: The app would fail in Azure.
    """
    how = making.spec.build.preflight
    if how is not Preflight.NONE:
        _settle(of_files(_project(making)), how, making.world)


def look_at_all(making: Making, inventory: Inventory, libraries: BaseLibraries | None) -> None:
    """What the files say together with what the dependencies bring, and the base image has.

    Raises:
        PreflightFailed: The app would fail in Azure.
    """
    how = making.spec.build.preflight
    if how is not Preflight.NONE:
        project = _project(making)
        lacking = followed(lambda: check_libraries(project, inventory, libraries.names)) if libraries else ()
        _settle((*of_everything(project, inventory), *lacking), how, making.world)


def _settle(findings: Iterable[Finding], how: Preflight, world: World) -> None:
    """No annotation leads to a file that was fetched."""
    told = (replace(one, problem=as_registered(one.problem, world.work)) for one in findings)
    settle(told, how, world.ci)


def dependencies_known(making: Making, inventory: Inventory) -> DependenciesKnown:
    """What is told of the dependencies, whether they are checked or not."""
    asked = {one.name for one in making.request.requirements}
    names, packages = for_development(inventory, _project(making).code, asked)
    return DependenciesKnown(inventory.distributions, names, packages)


def libraries_of(making: Making, *, keeps: bool) -> BaseLibraries | None:
    """The shared libraries below the dependencies; None where an engine adds to them what is not known here.

    Args:
        making: The image.
        keeps: Whether what is read is kept for later runs.
    """
    build, session = making.spec.build, making.session
    if build.dockerfile or build.apt_packages:
        return None
    return BaseLibraries(
        making.base,
        session.client_of,
        session.host,
        build.cache_repository,
        keeps=keeps,
        insists=build.preflight is Preflight.STRICT,
        tell=making.world.ci.info,
    )


def _project(making: Making) -> Project:
    return project_of(making.spec, making.bundle, making.python.version, making.request.source)
