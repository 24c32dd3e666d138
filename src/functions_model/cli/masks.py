"""The secrets among the inputs, masked before anything else is done with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from functions_model.ci.host import CiHost
from functions_model.core.masking import SHORTEST
from functions_model.core.promotion import AnySpec
from functions_model.core.spec import DeploymentSpec
from functions_model.inputs.catalogue import BY_NAME, CATALOGUE, WORDS
from functions_model.inputs.settings import secrets_in

_SETTINGS = "app-settings"


def mask_inputs(values: Mapping[str, str], ci: CiHost) -> None:
    """Mask the secret inputs before anything else is done with them, whether or not they can be read."""
    for item in CATALOGUE:
        if item.secret and item.name != _SETTINGS and (value := values.get(item.name, "").strip()):
            ci.mask(value)
    _mask(secrets_in(values.get(_SETTINGS, "")), values, ci)


def mask_settings(spec: AnySpec, values: Mapping[str, str], ci: CiHost) -> None:
    """Mask the values of the app settings, those of a deployment file among them."""
    settings = spec.target.app_settings if isinstance(spec, DeploymentSpec) and spec.target else {}
    _mask((secret.reveal() for secret in settings.values()), values, ci)


def _mask(secrets: Iterable[str], values: Mapping[str, str], ci: CiHost) -> None:
    """Except what is short, a word of ours, or stands in another, public input: it would damage what a run says."""
    public = " ".join(value for name, value in values.items() if name in BY_NAME and not BY_NAME[name].secret)
    for value in secrets:
        if len(value) >= SHORTEST and value not in WORDS and value not in public:
            ci.mask(value)
