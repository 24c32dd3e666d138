"""Who logs in: what every mode that speaks to Azure needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.secrets import Secret
from functions_model.core.spec import Login
from functions_model.inputs import rules

if TYPE_CHECKING:
    from functions_model.inputs.clouds import KnownCloud
    from functions_model.inputs.form import Form


def take_login(form: Form, cloud: KnownCloud) -> Login:
    """The login, with everything that is wrong with it noted; what is missing is noted by the caller."""
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
