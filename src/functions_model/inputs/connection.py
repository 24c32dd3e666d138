"""What the CI host's service connection says, for the inputs that are not given."""

from __future__ import annotations

from functions_model.ci.host import Connection, Facts
from functions_model.inputs.form import LOGIN, Form
from functions_model.inputs.registries import Managed

_OF_A_LOGIN = (*LOGIN, "client-secret", "login")


def fill_from_connection(form: Form) -> None:
    """Add to the form where the connection leads, and who logs in there: that as a whole, or not at all."""
    if form.facts is None or form.facts.connection is None:
        return
    connection = form.facts.connection
    said = {"subscription-id": connection.subscription_id, "cloud": connection.cloud}
    if not any(form.values.get(name) for name in _OF_A_LOGIN):
        said |= _login(connection, form.facts)
    form.values |= {name: text for name, text in said.items() if text and not form.values.get(name)}


def _login(connection: Connection, facts: Facts) -> dict[str, str]:
    """Who it is; nobody for a command whose step cannot prove it, as the task may have left a session of `az`."""
    if connection.managed:
        return {"login": Managed.MANAGED_IDENTITY.value}
    if not connection.client_secret and not facts.has_identity and facts.on_command_line:
        return {}
    secret = connection.client_secret.reveal() if connection.client_secret else ""
    return {"tenant-id": connection.tenant_id, "client-id": connection.client_id, "client-secret": secret}
