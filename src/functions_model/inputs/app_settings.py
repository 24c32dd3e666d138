"""The app's settings: those of `app-settings`, over those of a deployment file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.inputs.settings import check_settings, read_settings

if TYPE_CHECKING:
    from functions_model.core.failures import Problem
    from functions_model.core.secrets import Secret
    from functions_model.inputs.form import Form


def read_app_settings(form: Form) -> tuple[dict[str, Secret], list[Problem]]:
    """The settings by name, and everything that is wrong with them.

    App Service compares names without regard to case.
    """
    given, problems = read_settings(form.text("app-settings"))
    own, more = check_settings(form.file_settings)
    names = {name.upper() for name in given}
    kept = {name: value for name, value in own.items() if name.upper() not in names}
    return {**kept, **given}, [*problems, *more]
