"""From texts to a `DeploymentSpec`, or to every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from functions_model.ci.host import Facts
from functions_model.core.build import Builder
from functions_model.core.failures import InputsInvalid, RuleBroken
from functions_model.core.names import LiveTarget
from functions_model.core.promotion import PromotionSpec
from functions_model.core.registered import RegisteredAsset
from functions_model.core.routes import given_prefix
from functions_model.core.secrets import Login
from functions_model.core.spec import DeploymentSpec, ImageTarget, InlineEnvironment, Mode, Model, RemovalSpec
from functions_model.inputs import rules
from functions_model.inputs.assets import check_workspace, is_reference, take_asset
from functions_model.inputs.build import read_build
from functions_model.inputs.catalogue import BY_NAME
from functions_model.inputs.connection import fill_from_connection
from functions_model.inputs.deployment_file import read_deployment_file
from functions_model.inputs.existing import existing_image, refuse_of_image, take_source_login
from functions_model.inputs.files import read_code, read_host_json, read_models, take_sample
from functions_model.inputs.form import LOGIN, Form, described
from functions_model.inputs.inputs_file import fill_from_file
from functions_model.inputs.paths import Workspace
from functions_model.inputs.placing import is_elsewhere
from functions_model.inputs.registries import (
    CLOUDS,
    KnownCloud,
    NamedRegistry,
    cloud_of_registry,
    images_to_keep,
    known_cloud,
    missing_of_login,
    named_registry,
    take_login,
)
from functions_model.inputs.specs import IMAGE_NAME, REMOVING, WITH_AZURE
from functions_model.inputs.target import read_live, read_removal, read_target
from functions_model.inputs.triggers import read_trigger, takes_probe

_Spec = TypeVar("_Spec")
REPORT = "report-directory"
"""The input. A folder that is refused gets no report of that either."""


def read_inputs(values: Mapping[str, str], *, workspace: Path, facts: Facts | None = None) -> DeploymentSpec:
    """The checked and completed inputs of a run that makes an image. Looks at the file system; touches nothing.

    Args:
        values: By input name; an empty text counts as not given.
        workspace: The folder that paths are relative to.
        facts: What the CI host says of logins, and of that folder's paths outside of our container; None: nothing.

    Raises:
        InputsInvalid: With every problem that was found. No secret is in any of them.
    """
    return _deployment(form_of(values, workspace, facts))


def _deployment(form: Form) -> DeploymentSpec:
    _enter_working_directory(form)
    if form.mode in WITH_AZURE:
        take_source_login(form)
    read_deployment_file(form)
    spec = _spec(form)
    _refuse_in_the_image(form, spec)
    return _checked(form, spec)


def _refuse_in_the_image(form: Form, spec: DeploymentSpec) -> None:
    """A folder for the files about a run, where the next run would pack them."""
    folder, code = form.take(REPORT, form.workspace.to_write), spec.code
    packed = [*(model.path for model in spec.models if isinstance(model, Model)), spec.build.context]
    inside = folder and any(one and folder.is_relative_to(one) for one in packed)
    if inside or (folder and code and folder == code.source_directory):
        what = f"`{form.text(REPORT)}` is a part of what the image is made of"
        form.refuse(REPORT, what, "Use a separate folder, outside of model and source directory.")


def _enter_working_directory(form: Form) -> bool:
    """Whether it is known what paths are relative to."""
    if folder := form.take("working-directory", form.workspace.folder_in):
        form.workspace = form.workspace.within(folder)
    return bool(folder) or not form.text("working-directory")


def report_folder(values: Mapping[str, str], *, workspace: Path, facts: Facts | None = None) -> Path | None:
    """Where the files about a run go, also about one whose other inputs are refused; None where there are to be none.

    Args:
        values: As for `read_inputs`, like all else.
        workspace: The folder that paths are relative to.
        facts: What the CI host says.
    """
    return _report_folder(form_of(values, workspace, facts))


def _report_folder(form: Form) -> Path | None:
    if not form.text(REPORT) or not _enter_working_directory(form):
        return None
    return form.take(REPORT, form.workspace.to_write)


def read_live_target(values: Mapping[str, str], *, workspace: Path, facts: Facts | None = None) -> LiveTarget:
    """The app that is to be asked. Inputs for a deployment alone are not read. Raises InputsInvalid."""
    form = form_of(values, workspace, facts)
    _enter_working_directory(form)
    return _checked(form, read_live(form))


def read_any(
    values: Mapping[str, str], *, workspace: Path, facts: Facts | None = None
) -> DeploymentSpec | PromotionSpec | RemovalSpec:
    """What `read_inputs` gives; the deployment of an image that is there; or what is to be removed.

    Raises:
        InputsInvalid: As for `read_inputs`.
    """
    form = form_of(values, workspace, facts)
    if form.mode in REMOVING:
        return _removal(form)
    return _promotion(form) if form.promotes else _deployment(form)


def _removal(form: Form) -> RemovalSpec:
    _report_folder(form)
    return _checked(form, read_removal(form))


def form_of(values: Mapping[str, str], workspace: Path, facts: Facts | None) -> Form:
    """The texts, with those of an inputs file and of a connection. Arguments as for `read_inputs`."""
    place = Workspace(workspace.absolute(), facts.host_workspaces if facts else ())
    form = Form({name: value.strip() for name, value in values.items()}, place, facts)
    form.refuse_unknown()
    fill_from_file(form)
    fill_from_connection(form)
    form.mode = form.take("mode", Mode) or Mode.DEPLOY
    return form


def _checked(form: Form, spec: _Spec) -> _Spec:
    if form.problems:
        raise InputsInvalid("read the inputs", form.problems)
    return spec


def _promotion(form: Form) -> PromotionSpec:
    """All that can be known, and be wrong, before the image says which trigger it has."""
    _enter_working_directory(form)
    refuse_of_image(form)
    notes, source, source_login = list(form.notes), form.take("image", existing_image), take_source_login(form)
    draft = _checked(form, _spec(form))

    def completed(decided: Mapping[str, str]) -> DeploymentSpec:
        whole = replace(form, values={**form.values, **decided}, problems=[], notes=list(notes))
        return _checked(whole, _spec(whole))

    if draft.names is None or draft.login is None:
        raise TypeError("an image is deployed to Azure")
    names, login = draft.names, draft.login
    return PromotionSpec(form.mode, source, draft.image, login, names, draft.notes, completed, source_login)


def _spec(form: Form) -> DeploymentSpec:
    cloud = form.take("cloud", known_cloud) or CLOUDS[0]
    image = _image(form, cloud)
    verifies = form.mode in WITH_AZURE
    if not verifies:
        form.values.pop("verify-timeout", None)
    content = {} if form.promotes else _content(form)
    return DeploymentSpec(
        mode=form.mode,
        workspace=form.workspace.folder,
        trigger=read_trigger(form),
        image=image,
        login=_login(form, cloud, image),
        target=read_target(form) if form.mode in WITH_AZURE else None,
        sample_request=take_sample(form) if verifies else None,
        verify_timeout=form.take("verify-timeout", rules.verify_timeout),
        sends_probe=verifies and takes_probe(form),
        notes=tuple(form.notes),
        own_files=tuple(_own_files(form)),
        route_prefix=form.take("route-prefix", given_prefix),
        **content,
    )


def _own_files(form: Form) -> Iterator[Path]:
    """What lies in the workspace, and is this run's own: each run changes it, or another one has no such file."""
    if report := form.take(REPORT, form.workspace.to_write):
        yield report
    for file in (form.file, *((form.facts.outputs, form.facts.summary) if form.facts else ())):
        with suppress(RuleBroken):
            if file:
                yield form.workspace.absolute(str(file.absolute()))


def _content(form: Form) -> dict[str, Any]:
    """The fields of a spec that say what is in the image, and how it is made."""
    check_workspace(form)
    models = read_models(form)
    code = read_code(form, models)
    return {
        "models": models or (),
        "code": code,
        "environment_file": _environment(form),
        "python_version": form.take("python-version", rules.python_version),
        "base_image": form.take("base-image", rules.base_image),
        "host_json": read_host_json(form, code),
        "concurrency": form.take("concurrency", rules.concurrency) or 1,
        "build": read_build(form),
    }


def _environment(form: Form) -> Path | InlineEnvironment | RegisteredAsset | None:
    text = form.text("environment-file")
    if is_reference(text):
        return take_asset(form, "environment-file", text, "environments")
    return form.take("environment-file", form.workspace.file) or form.environment


def _image(form: Form, cloud: KnownCloud) -> ImageTarget:
    source = form.take("image", existing_image) if form.promotes else None
    text = form.text("registry") or (source.registry if source else "")
    given = form.check("registry", text, lambda text: named_registry(text, cloud)) if text else None
    if not (text or form.promotes or form.text("builder") == Builder.DOCKERFILE):
        form.miss("registry")
    registry = given or NamedRegistry("")
    if given and form.mode in WITH_AZURE:
        _refuse_foreign(form, registry.host, cloud)
    elif given:
        _refuse_unknown_host(form, registry.host, cloud)
        _refuse_other_cloud(form, registry.host, cloud)
    return ImageTarget(
        registry.host,
        form.take("image-name", rules.image_name) or (source.repository if source else IMAGE_NAME),
        form.take("image-tag", rules.image_tag),
        registry.name,
        registry.group,
        registry.subscription if is_elsewhere(form, registry.subscription) else "",
        form.take("keep-images", images_to_keep) if form.mode in WITH_AZURE else None,
    )


def _refuse_unknown_host(form: Form, host: str, cloud: KnownCloud) -> None:
    """Mode `package` asks nobody but the registry itself."""
    if not host:
        what = f"it is a name alone, and how registries' hosts end in `{cloud.name}` is not known here"
        form.refuse("registry", what, "Use the whole host, as `az acr show` gives it in `loginServer`.")


def _refuse_foreign(form: Form, registry: str, cloud: KnownCloud) -> None:
    if registry and cloud.registry_suffix and not registry.endswith(cloud.registry_suffix):
        elsewhere = "which imports the image" if form.promotes else "or `mode: package` to build only the image"
        form.refuse(
            "registry",
            f"`{registry}` is not an Azure Container Registry of `{cloud.name}` (`*{cloud.registry_suffix}`), and no"
            " other registry knows the app's managed identity, or gives Azure Resource Manager its password",
            f"Use such a registry, {elsewhere}.",
        )


def _refuse_other_cloud(form: Form, registry: str, cloud: KnownCloud) -> None:
    """Its registries know nothing of this cloud's logins, and get no token of them."""
    other = cloud_of_registry(registry)
    if other and cloud.registry_suffix and other != cloud:
        remedy = f"Give `cloud: {other.name}` and a login there, or a registry of `{cloud.name}`."
        form.refuse(
            "registry", f"`{registry}` is a registry of `{other.name}`, and the login is in `{cloud.name}`", remedy
        )


def _login(form: Form, cloud: KnownCloud, image: ImageTarget) -> Login | None:
    """Always with Azure; in mode `package` when the registry or a registered asset needs one, or a login is given."""
    in_azure = bool(image.registry and cloud_of_registry(image.registry))
    lines = (*form.text("model-path").splitlines(), form.text("environment-file"))
    needed = form.mode in WITH_AZURE or in_azure or any(is_reference(line.strip()) for line in lines)
    given = any(form.text(name) for name in (*LOGIN, "client-secret", "login"))
    if not (needed or given):
        return None
    for name in missing_of_login(form):
        _login_missing(form, name, given=given and not needed)
    return take_login(form, cloud)


def _login_missing(form: Form, name: str, *, given: bool) -> None:
    if given:
        remedy = f"Set it to {described(BY_NAME[name])} Or set none of them."
        form.refuse(name, "it is required with the other parts of the login", remedy)
    else:
        form.miss(name)
