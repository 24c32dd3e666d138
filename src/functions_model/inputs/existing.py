"""`image`: an image that is there, and the inputs that it decides."""

from __future__ import annotations

from dataclasses import replace

from functions_model.core.failures import RuleBroken
from functions_model.core.references import ImageReference, parse_reference
from functions_model.core.secrets import RegistryLogin, Secret
from functions_model.inputs import rules
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.form import Form
from functions_model.inputs.registries import cloud_of_registry, named_registry

_FORM = "`host/name@sha256:<64 hex digits>`, as the run that built it has it in its output `image`."


def existing_image(text: str) -> ImageReference:
    """A whole image reference with a digest. A tag beside it says nothing more, and is left out."""
    if "://" in text:
        raise RuleBroken(f"`{text}` begins with a protocol", f"Leave `{text.partition('://')[0]}://` out: {_FORM}")
    try:
        found = parse_reference(text)
    except ValueError as error:
        raise RuleBroken(str(error), f"Give it in full: {_FORM}") from error
    if found.digest is None:
        remedy = (
            "Give it as `<registry>/<repository>@sha256:...`: the run that built it has that in its output `image`, and"
            f" {_shows_digest(found)} shows the tag's digest."
        )
        raise RuleBroken(f"`{text}` has no digest, and a tag may mean another image tomorrow", remedy)
    return replace(found, tag=None)


def _shows_digest(image: ImageReference) -> str:
    tagged = f"{image.repository}:{image.tag or 'latest'}"
    cloud = cloud_of_registry(image.registry)
    name = named_registry(image.registry, cloud).name if cloud else ""
    if name:
        return f"`az acr repository show --name {name} --image {tagged} --query digest`"
    return f"`docker buildx imagetools inspect {image.registry}/{tagged}`"


def take_source_login(form: Form) -> RegistryLogin | None:
    """Who we are to the registry of the image, with what is wrong with it noted; None where nothing is given."""
    name = form.take("image-username", rules.secret_text)
    password = form.take("image-password", lambda text: Secret(rules.secret_text(text)))
    given = [text for text in ("image-username", "image-password") if form.text(text)]
    # An inputs file may serve the run that builds, too.
    for text in () if form.promotes else [one for one in given if one not in form.origins]:
        form.refuse(text, "it is for the registry of `image`, which is not set", "Remove it, or set `image`.")
    if form.promotes and len(given) == 1:
        form.refuse(given[0], "it is set alone", "Set both `image-username` and `image-password`, or neither.")
    return RegistryLogin(name, password) if name and password else None


def refuse_of_image(form: Form) -> None:
    """Note each input that is given and that `image` decides. Those of an inputs file give way to it."""
    overruled = []
    for spec in CATALOGUE:
        if not (spec.of_image and form.mode in spec.modes and form.values.get(spec.name)):
            continue
        if spec.name in form.origins and "image" not in form.origins:
            overruled.append(f"`{spec.name}`")
        else:
            what = "it cannot be combined with `image`, which already decides it"
            form.refuse(spec.name, what, "Remove it, or remove `image` to build one.")
        del form.values[spec.name]
    if overruled:
        form.notes.append(f"Because of `image`, these inputs of the inputs file are ignored: {', '.join(overruled)}.")
