"""From texts to a `DeploymentSpec`, or to every problem at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from functions_model.core.failures import InputsInvalid, Problem
from functions_model.core.secrets import Secret
from functions_model.core.spec import (
    AuthLevel,
    Code,
    DeploymentSpec,
    HttpTrigger,
    ImageTarget,
    Login,
    Mode,
    Model,
    Target,
)
from functions_model.inputs import derived, rules
from functions_model.inputs.catalogue import BY_NAME, WITH_AZURE, InputSpec
from functions_model.inputs.clouds import CLOUDS, KnownCloud, is_azure_registry, known_cloud, registry_host
from functions_model.inputs.paths import Workspace
from functions_model.inputs.rules import RuleBroken
from functions_model.inputs.settings import read_settings
from functions_model.inputs.sources import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")
_LOGIN = ("tenant-id", "client-id")


def read_inputs(values: Mapping[str, str], *, workspace: Path, host_workspace: str | None = None) -> DeploymentSpec:
    """The checked and completed inputs. Looks at the file system; touches nothing.

    Args:
        values: By input name; an empty text counts as not given.
        workspace: The folder that paths are relative to.
        host_workspace: The same folder's path on the runner outside of our container (`sources.host_workspace`).

    Raises:
        InputsInvalid: With every problem that was found. No secret is in any of them.
    """
    form = _Form(
        {name: value.strip() for name, value in values.items()}, Workspace(workspace.absolute(), host_workspace)
    )
    form.refuse_unknown()
    form.mode = form.take("mode", Mode) or Mode.DEPLOY
    spec = _spec(form)
    if form.problems:
        raise InputsInvalid("read the inputs", form.problems)
    return spec


@dataclass(slots=True)
class _Form:
    """The texts, and what was found wrong with them so far."""

    values: dict[str, str]
    workspace: Workspace
    mode: Mode = Mode.DEPLOY
    problems: list[Problem] = field(default_factory=list)

    def refuse_unknown(self) -> None:
        for name in self.values:
            if name not in BY_NAME:
                self.refuse(name, "there is no such input", did_you_mean(name))

    def refuse(self, name: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(what, remedy, name))

    def text(self, name: str) -> str:
        """What was given, or the default, or nothing."""
        return self.values.get(name, "") or BY_NAME[name].default or ""

    def take(self, name: str, rule: Callable[[str], T]) -> T:
        """The value of an input, or a problem noted.

        A refused or missing value comes back as None in spite of the type: `read_inputs` raises before anyone uses it,
        and a rule over several inputs asks for it.
        """
        spec = BY_NAME[name]
        text = self.text(name)
        if not text:
            if spec.required and name not in _LOGIN:
                self.refuse(name, *_missing(spec, self.mode))
            return cast("T", None)
        try:
            return rule(text)
        except RuleBroken as broken:
            self.refuse(name, broken.what, broken.remedy)
        except ValueError:
            self.refuse(name, f"`{text}` is none of its values", f"Use {_one_of(spec.choices)}.")
        return cast("T", None)


def _missing(spec: InputSpec, mode: Mode) -> tuple[str, str]:
    return f"it is not given, and mode `{mode}` needs it", f"Give {_described(spec)}"


def _described(spec: InputSpec) -> str:
    return spec.help[0].lower() + spec.help[1:]


def _one_of(choices: tuple[str, ...]) -> str:
    return " or ".join(f"`{choice}`" for choice in choices)


def _spec(form: _Form) -> DeploymentSpec:
    cloud = form.take("cloud", known_cloud) or CLOUDS[0]
    image = _image(form, cloud)
    verifies = form.mode is Mode.DEPLOY
    if not verifies:
        form.values.pop("verify-timeout", None)
    return DeploymentSpec(
        mode=form.mode,
        workspace=form.workspace.folder,
        models=_models(form),
        code=_code(form),
        environment_file=form.take("environment-file", form.workspace.file),
        python_version=form.take("python-version", rules.python_version),
        base_image=form.take("base-image", rules.base_image),
        trigger=_trigger(form),
        image=image,
        login=_login(form, cloud, image),
        target=_target(form) if form.mode in WITH_AZURE else None,
        sample_request=form.take("sample-request", form.workspace.file) if verifies else None,
        verify_timeout=form.take("verify-timeout", rules.verify_timeout),
    )


def _models(form: _Form) -> tuple[Model, ...]:
    path = form.take("model-path", form.workspace.model)
    name = form.take("model-name", rules.model_name) or (derived.model_name(path) if path else "")
    version = form.take("model-version", rules.positive_number)
    return (Model(name, version, path),)


def _code(form: _Form) -> Code:
    written = form.text("entry-script")
    folder = form.take("source-directory", form.workspace.folder_in)
    script = form.take("entry-script", lambda text: _entry_script(text, form.workspace, folder))
    return Code(script, folder or (script.parent if script else script), written)


def _entry_script(text: str, workspace: Workspace, folder: Path | None) -> Path:
    """The script, relative to the workspace or, as Azure ML reads it, to the source directory."""
    if folder is not None:
        inside = folder.relative_to(workspace.folder) / text
        if not text.startswith("/") and (folder / text).is_file():
            text = str(inside)
    script = workspace.file(text)
    if script.suffix != ".py":
        raise RuleBroken(f"`{text}` is not a Python file", "Name a script that ends with `.py`.")
    if folder is not None and not script.is_relative_to(folder):
        raise RuleBroken(
            f"`{text}` lies outside the source directory `{folder.relative_to(workspace.folder)}`",
            "Move the script, or choose a source directory that holds it.",
        )
    return script


def _trigger(form: _Form) -> HttpTrigger:
    form.take("trigger", rules.trigger)
    return HttpTrigger(form.take("auth-level", AuthLevel) or AuthLevel.FUNCTION)


def _image(form: _Form, cloud: KnownCloud) -> ImageTarget:
    registry = form.take("registry", lambda text: registry_host(text, cloud))
    if registry and form.mode in WITH_AZURE:
        _refuse_foreign(form, registry, cloud)
    return ImageTarget(registry, form.take("image-name", rules.image_name), form.take("image-tag", rules.image_tag))


def _refuse_foreign(form: _Form, registry: str, cloud: KnownCloud) -> None:
    if cloud.registry_suffix and not registry.endswith(cloud.registry_suffix):
        form.refuse(
            "registry",
            f"`{registry}` is not an Azure Container Registry of `{cloud.name}` (`*{cloud.registry_suffix}`), and the"
            " app pulls its image with its managed identity, which no other registry knows",
            "Use such a registry, or `mode: package` to make the image only.",
        )


def _login(form: _Form, cloud: KnownCloud, image: ImageTarget) -> Login | None:
    """Always with Azure; in mode `package` when the registry is one of Azure's, or a login is given."""
    needed = form.mode in WITH_AZURE or bool(image.registry and is_azure_registry(image.registry))
    given = any(form.text(name) for name in (*_LOGIN, "client-secret"))
    if not (needed or given):
        return None
    for name in _LOGIN:
        if not form.text(name):
            form.refuse(name, *_login_missing(BY_NAME[name], form.mode, given=given and not needed))
    secret = form.take("client-secret", lambda text: Secret(rules.secret_text(text)))
    audience = form.take("audience", rules.audience)
    if form.text("client-secret") and form.text("audience"):
        form.refuse("audience", "it is given beside `client-secret`, which does not use it", "Give one of the two.")
    return Login(
        form.take("tenant-id", rules.guid),
        form.take("client-id", rules.guid),
        secret,
        audience or cloud.audience,
        cloud.name,
    )


def _login_missing(spec: InputSpec, mode: Mode, *, given: bool) -> tuple[str, str]:
    if given:
        return "it is not given, while other parts of the login are", f"Give {_described(spec)} Or give none of them."
    return _missing(spec, mode)


def _target(form: _Form) -> Target:
    subscription = form.take("subscription-id", rules.guid)
    group = form.take("resource-group", rules.resource_group)
    app = form.take("app-name", rules.app_name)
    plan = form.take("plan-name", rules.plan_name) or (derived.plan_name(app) if app else "")
    storage = form.take("storage-account", rules.storage_account)
    settings, problems = read_settings(form.text("app-settings"))
    form.problems += problems
    return Target(
        subscription_id=subscription,
        resource_group=group,
        location=form.take("location", rules.location),
        app_name=app,
        plan_name=plan,
        plan_sku=form.take("plan-sku", rules.plan_sku),
        storage_account=storage or derived.storage_account(app or "", group or "", subscription or ""),
        identity_name=derived.identity_name(app or ""),
        app_settings=settings,
    )
