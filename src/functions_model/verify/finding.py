"""Finding the app, and how it is asked."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.core.failures import NotLive
from functions_model.core.sending import new_session
from functions_model.verify.app import LiveApp, site_of

if TYPE_CHECKING:
    import requests

    from functions_model.azure.clients import AzureClients
    from functions_model.ci.host import CiHost
    from functions_model.verify.nouns import ExpectedApp


def find_app(clients: AzureClients, expected: ExpectedApp, ci: CiHost, session: requests.Session) -> LiveApp:
    """The app as Resource Manager knows it, unless it is known where it answers.

    Raises:
        NotLive: There is no such app, it may not be read, or it is stopped.
    """
    if expected.host_name:
        return LiveApp(clients, expected, f"https://{expected.host_name}", ci, session)
    try:
        site = site_of(clients, expected).get()
    except AzureError as exc:
        error = explain(exc, f"find {expected.names}")
        raise NotLive(error.action, error.reason, error.remedy) from exc
    if str(site.state or "Running").lower() == "stopped":
        remedy = f"Start it: az functionapp start {expected.names.flags}"
        raise NotLive(f"verify {expected.names}", "it is stopped", remedy)
    return LiveApp(clients, expected, f"https://{site.default_host_name}", ci, session)


def fresh_session() -> requests.Session:
    """A session without cookies: App Service's would tie every request to one instance."""
    session = new_session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
