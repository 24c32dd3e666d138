"""How the image is made: the builder and what only some builders take."""

from __future__ import annotations

import re
from pathlib import Path

from functions_model.core.build import (
    CACHE_REPOSITORY,
    Build,
    Builder,
    CredentialFiles,
    Preflight,
    Solver,
    TorchBackend,
)
from functions_model.core.failures import RuleBroken
from functions_model.core.spec import Mode
from functions_model.image.compression import Compression
from functions_model.inputs import rules
from functions_model.inputs.building import YesNo
from functions_model.inputs.form import Form

CONTEXT = "functions-model-context"
_WITH_DOCKERFILE = ("apt-packages", "dockerfile")
_APT = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?(?:=[A-Za-z0-9.+:~-]+)?")
"""A package name as Debian's policy (section 5.6.1) has it, with an architecture and a version where they are given."""
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
OWN_LABELS = "functions-model."
_LATEST = 0o77777777777
"""The largest time that the header of a tar entry holds: eleven octal digits."""


def read_build(form: Form) -> Build:
    """How the image is made, with everything that is wrong with it noted."""
    builder = form.take("builder", Builder) or Builder.LAYERS
    _refuse_mismatch(form, builder)
    folder, cache = form.text("build-context") or CONTEXT, form.text("cache-repository") or CACHE_REPOSITORY
    return Build(
        builder=builder,
        solver=form.take("solver", Solver) or Solver.AUTO,
        apt_packages=form.take("apt-packages", _apt_packages) or (),
        dockerfile=_dockerfile(form),
        context=form.check("build-context", folder, form.workspace.absolute) if builder is Builder.DOCKERFILE else None,
        epoch=form.take("source-date-epoch", _epoch) or 0,
        labels=form.take("image-labels", _labels) or {},
        model_compression=form.take("model-compression", Compression) or Compression.AUTO,
        cache_repository=form.check("cache-repository", cache, _cache_repository),
        sbom=form.take("sbom", YesNo) is not YesNo.NO,
        credential_files=form.take("credential-files", CredentialFiles) or CredentialFiles.LEAVE_OUT,
        preflight=form.take("preflight", Preflight) or Preflight.STANDARD,
        torch_backend=form.take("torch-backend", TorchBackend) or TorchBackend.AS_GIVEN,
    )


def _refuse_mismatch(form: Form, builder: Builder) -> None:
    for name in _WITH_DOCKERFILE:
        if form.text(name) and builder is Builder.LAYERS:
            what = "it cannot be combined with `builder: layers`, which has no container engine to run it"
            form.refuse(name, what, "Use `builder: docker`, or remove it.")
    if builder is Builder.DOCKERFILE and form.mode is not Mode.PACKAGE:
        what = f"`dockerfile` only writes files, and mode `{form.mode}` needs an image"
        form.refuse("builder", what, "Use `mode: package` with it, or `builder: docker`.")
    if builder is not Builder.DOCKERFILE and form.mode is Mode.PACKAGE and form.text("build-context"):
        what = f"it cannot be combined with `builder: {builder}`, which writes no folder"
        form.refuse("build-context", what, "Use `builder: dockerfile`, or remove it.")


def _dockerfile(form: Form) -> Path | None:
    if form.text("dockerfile") and form.text("base-image"):
        form.refuse(
            "dockerfile", "it cannot be combined with `base-image`", "The Dockerfile's `FROM` says the base. Give one."
        )
    return form.take("dockerfile", form.workspace.file)


def _apt_packages(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(re.split(r"[\s,]+", text.strip())))
    wrong = [f"`{name}`" for name in names if not _APT.fullmatch(name)]
    if wrong:
        what = f"{', '.join(wrong)} cannot be the name of a Debian package"
        raise RuleBroken(what, "Write names like `libgomp1`, with a version as `libgomp1=12.2.0-14`.")
    return names


def _epoch(text: str) -> int:
    if not text.isdecimal() or int(text) > _LATEST:
        raise RuleBroken(f"`{text}` is not a time in whole seconds since 1970", "Give a number such as `1735689600`.")
    return int(text)


def _labels(text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or not _LABEL.fullmatch(name):
            raise RuleBroken(f"line {number}, `{line.strip()}`, is not `name=value`", "Write one label on each line.")
        if name.startswith(OWN_LABELS):
            what = f"line {number}: the labels that begin with `{OWN_LABELS}` are written by this tool"
            raise RuleBroken(what, "Give it another name.")
        if name in labels:
            raise RuleBroken(f"line {number}: `{name}` is set twice", "Keep one of the two.")
        labels[name] = value
    return labels


def _cache_repository(text: str) -> str | None:
    return None if text == "none" else rules.image_name(text)
