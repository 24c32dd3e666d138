"""The app's settings: those of `app-settings`, over those of a deployment file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions_model.inputs.settings import check_settings, in_container, read_settings

if TYPE_CHECKING:
    from functions_model.core.failures import Problem
    from functions_model.core.secrets import Secret
    from functions_model.inputs.form import Form


_PORTS = {
    "WEBSITES_PORT": ("80",),
    "ASPNETCORE_URLS": ("http://+:80", "http://*:80"),
}
"""Settings that say where App Service looks, and where .NET's server listens; and what changes nothing."""
_MICROSOFTS = re.compile(r"(?:^|/)azure-functions/python(?:[:@]|$)")


def read_app_settings(form: Form) -> tuple[dict[str, Secret], list[Problem]]:
    """The settings by name, and everything that is wrong with them.

    App Service compares names without regard to case.
    """
    given, problems = read_settings(form.text("app-settings"))
    own, more = check_settings(form.file_settings)
    names = {in_container(name).upper() for name in given}
    kept = {name: value for name, value in own.items() if in_container(name).upper() not in names}
    return {**kept, **given}, [*problems, *more]


def note_dots(form: Form, settings: dict[str, Secret]) -> None:
    """Say under which name the script sees a setting whose name has a dot."""
    seen = ", ".join(f"`{name}` as `{in_container(name)}`" for name in settings if "." in name)
    if seen:
        form.notes.append(
            f"The script sees the app setting {seen}: a container's variables have no dots in their names."
        )


def refuse_ports(form: Form, settings: dict[str, Secret]) -> None:
    """Microsoft's base images listen at port 80 alone; who brings another image knows where that one listens.

    Those with `-appservice` in their tag read PORT, which follows WEBSITES_PORT: Azure/azure-functions-docker,
    host/4/bookworm/python/python312, start_nonappservice.sh and start.sh.
    """
    base = form.text("base-image")
    if form.text("dockerfile") or (base and ("-appservice" in base or not _MICROSOFTS.search(base))):
        return
    for name, value in settings.items():
        if name.upper() in _PORTS and value.reveal().strip() not in _PORTS[name.upper()]:
            what = f"`{name}` names another port than 80, and Microsoft's base image listens at port 80 alone"
            form.refuse("app-settings", what, "Remove it; or name, in `base-image`, an image that listens there.")
