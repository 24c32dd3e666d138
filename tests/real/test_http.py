"""The README's deployment, and what its callers get, today and after the next deployment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import product
    from deployments import App


WEB = "2023-12-01"


@pytest.fixture(scope="module")
def first(iris: App) -> product.Run:
    """The first deployment of the README's example."""
    run = iris.deploy()
    assert run.code == 0, run.log[-8000:]
    return run


NOWHERE = "@Microsoft.KeyVault(SecretUri=https://functions-model-none.vault.azure.net/secrets/none)"
"""A reference that nobody can resolve."""


@pytest.fixture(scope="module")
def live(told: App) -> product.Run:
    """The first deployment of the app that says which version answers. A setting has a dot in its name."""
    run = told.deploy(app_settings=f"REAL.DOTTED=yes\nSECRET_REFERENCE={NOWHERE}")
    assert run.code == 0, run.log[-8000:]
    return run


class TestReadme:
    """The README's workflow, as it stands there."""

    def test_az_reads_what_was_told(self, iris: App, first: product.Run, observe: Callable[..., None]) -> None:
        """The app runs the image of the output, at the address of the output, over https alone."""
        app = iris.azure.az.json("functionapp", "show", *iris.of)

        iris.azure.versions["host"] = host_version(iris, first)
        observe("the image is that of the output", believed=True, seen=iris.image() == first.outputs["image"])
        observe("kind", believed="functionapp,linux,container", seen=app["kind"])
        observe("state", believed="Running", seen=app["state"])
        observe("https only", believed=True, seen=app["httpsOnly"])
        address = f"https://{app['defaultHostName']}"
        observe("the address is that of the output", believed=True, seen=address == first.outputs["app-url"])

    def test_callers_are_answered(self, iris: App, first: product.Run, observe: Callable[..., None]) -> None:
        """Who has the function's key gets flowers' names; who has none gets 401."""
        url, sample = first.outputs["scoring-url"], json.loads((iris.workspace / "sample-request.json").read_text())

        answer = iris.call(url, iris.key(), json=sample)

        observe("a caller with a key", believed=200, seen=answer.status_code)
        observe("the answer's flowers", believed=["setosa", "virginica"], seen=answer.json().get("species"))
        observe("a caller without a key", believed=401, seen=iris.call(url, json=sample).status_code)

    def test_the_host_is_reached_through_resource_manager(
        self, iris: App, first: product.Run, observe: Callable[..., None]
    ) -> None:
        """`hostruntime` passes on to `/admin`, without a key."""
        answer = iris.azure.arm.ask("GET", f"{iris.path}/hostruntime/admin/host/status", WEB)

        observe("status of the host through Resource Manager", believed=200, seen=answer.status_code)
        observe("state of the host", believed="Running", seen=answer.json().get("state") if answer.ok else "")

    def test_a_taken_name_is_told(self, iris: App, first: product.Run, observe: Callable[..., None]) -> None:
        """With status 200; whether it is free stands in the answer."""
        body = {"name": iris.name, "type": "Microsoft.Web/sites"}
        answer = iris.azure.arm.ask("POST", "/providers/Microsoft.Web/checknameavailability", WEB, body)

        observe("status for a taken name", believed=200, seen=answer.status_code)
        observe("a taken name is available", believed=False, seen=answer.json().get("nameAvailable"))

    def test_the_plan_is_of_its_sizes_tier(self, iris: App, first: product.Run, observe: Callable[..., None]) -> None:
        """The size alone was sent."""
        words = ("--resource-group", iris.azure.group.name, "--name", f"fm-real-{iris.azure.group.run}-plan")
        plan = iris.azure.az.json("functionapp", "plan", "show", *words)

        sku = [plan["sku"]["name"], plan["sku"]["tier"]]
        observe("size and tier of the plan", believed=["EP1", "ElasticPremium"], seen=sku)

    def test_the_log_is_kept(self, iris: App, first: product.Run, observe: Callable[..., None]) -> None:
        """`az webapp log show`: container logging is on in an app that we made."""
        shown = iris.azure.az.json("webapp", "log", "show", *iris.of)

        observe("container logging", believed=True, seen=shown["httpLogs"]["fileSystem"]["enabled"])

    def test_a_second_run_changes_nothing(self, iris: App, first: product.Run, observe: Callable[..., None]) -> None:
        """The same inputs again: Azure tells nothing that differs from what was written."""
        run = iris.deploy()

        observe("exit code", believed=0, seen=run.code)
        observe("changed", believed="false", seen=run.outputs.get("changed"))


class TestRequests:
    """What the platform makes of requests and settings."""

    def test_a_body_in_chunks_is_refused(self, told: App, live: product.Run, observe: Callable[..., None]) -> None:
        """The host would hand over nothing of it; the function says so instead of scoring nothing."""
        answer = told.call(live.outputs["scoring-url"], told.key(), data=iter([b'{"x"', b": 1}"]))

        observe("status of a request in chunks", believed=411, seen=answer.status_code)

    def test_a_dot_in_a_settings_name_becomes_an_underscore(
        self, told: App, live: product.Run, observe: Callable[..., None]
    ) -> None:
        """A Linux container sees `REAL_DOTTED` of the setting `REAL.DOTTED`."""
        answer = told.call(live.outputs["scoring-url"], told.key(), json={"x": 1})

        observe("names that the script sees", believed=["REAL_DOTTED"], seen=answer.json()["settings"])


class TestIdentity:
    """What an app's code has of the app's identity, which is a user-assigned one alone."""

    def test_tokens_are_for_an_identity_that_is_named(
        self, told: App, live: product.Run, observe: Callable[..., None]
    ) -> None:
        """By the client id in `AZURE_CLIENT_ID`; without it there is none to give."""
        answer = told.call(live.outputs["scoring-url"], told.key(), json="tokens")

        observe("status with and without a client id", believed=[200, 400], seen=answer.json()["tokens"])

    def test_references_are_resolved_by_the_one_that_the_site_names(
        self, told: App, live: product.Run, observe: Callable[..., None]
    ) -> None:
        """One that leads nowhere is seen as its text."""
        site = told.azure.arm.ask("GET", told.path, WEB).json()
        held = [name.lower() for name in site["identity"]["userAssignedIdentities"]]
        answer = told.call(live.outputs["scoring-url"], told.key(), json={"x": 1})

        resolver = site["properties"]["keyVaultReferenceIdentity"]
        observe("who resolves references is an identity of the app", believed=True, seen=resolver.lower() in held)
        observe("a reference to nowhere, as the script sees it", believed=NOWHERE, seen=answer.json()["reference"])


class TestNextVersion:
    """A deployment over a live app."""

    def test_a_callers_old_key_still_opens(self, told: App, live: product.Run, observe: Callable[..., None]) -> None:
        """The new version answers whoever had a key."""
        key = told.key()
        told.version("second")

        run = told.deploy()

        answer = told.call(live.outputs["scoring-url"], key, json={"x": 1})
        observe("exit code", believed=0, seen=run.code)
        observe("a caller with the old key", believed=200, seen=answer.status_code)
        observe("the version that answers", believed="second", seen=answer.json().get("version") if answer.ok else "")

    def test_a_failed_one_is_put_back(self, told: App, live: product.Run, observe: Callable[..., None]) -> None:
        """A version whose `init()` raises ends with exit code 8, and the one before answers again."""
        key, image = told.key(), told.image()
        told.version("raises")

        run = told.deploy(verify_timeout="300")

        told.version("second")
        answer = told.call(live.outputs["scoring-url"], key, json={"x": 1})
        observe("exit code", believed=8, seen=run.code)
        observe("the image is the one before", believed=True, seen=told.image() == image)
        observe("the version that answers", believed="second", seen=answer.json().get("version") if answer.ok else "")


def host_version(app: App, run: product.Run) -> str:
    """Of the host that runs; for the recording."""
    key = app.azure.az.json("functionapp", "keys", "list", *app.of)["masterKey"]
    return str(app.call(f"{run.outputs['app-url']}/admin/host/status", key, method="GET").json()["version"])
