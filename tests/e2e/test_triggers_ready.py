"""Blob and queue triggers that cannot work, by what Resource Manager or their own log says: exit code 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.dying import Mortal, mortal

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.arm.store import Resource
    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

DENY, ALLOW = ({"networkAcls": {"defaultAction": action}} for action in ("Deny", "Allow"))


def living(sandbox: Sandbox, folder: Path, trigger: str) -> Mortal:
    """An app that lives, with that trigger."""
    app = mortal(sandbox, folder, trigger, "ready")
    run = app.run()
    assert run.code == 0, run.log
    return app


@pytest.fixture(scope="module")
def blob(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Mortal:
    return living(sandbox, tmp_path_factory.mktemp("ready"), "blob")


@pytest.fixture(scope="module")
def queue(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Mortal:
    return living(sandbox, tmp_path_factory.mktemp("ready"), "service-bus-queue")


def owned(app: Mortal, resource_type: str) -> list[Resource]:
    """What there is of a type in the app's group."""
    return app.deployer.sandbox.arm.store.list(resource_type=resource_type, group=app.deployer.group)


def account_of(app: Mortal) -> Resource:
    """The storage account that the trigger watches."""
    accounts = owned(app, "Microsoft.Storage/storageAccounts")
    return next(one for one in accounts if "input" in app.deployer.sandbox.arm.accounts.containers(one))


class TestATriggerThatIsQuiet:
    """Everything that it needs is there, and its listener reports no failure."""

    def test_says_so(self, blob: Mortal, queue: Mortal) -> None:
        """In the log, the summary and an output."""
        runs = [app.run() for app in (blob, queue)]

        assert [0, 0] == [run.code for run in runs], runs[0].log + runs[1].log
        assert ["quiet", "quiet"] == [run.outputs.get("trigger-state") for run in runs]
        assert all("The trigger is quiet: " in text for run in runs for text in (run.log, run.summary))

    def test_is_off_in_a_slot(self, queue: Mortal) -> None:
        """It is ready there, and no more."""
        run = queue.run(slot_name="staging", sample=True)

        assert (0, "ready") == (run.code, run.outputs.get("trigger-state")), run.log
        assert "In the slot it is off" in run.summary


class TestWhatIsTakenAwayMeanwhile:
    """Found after the deployment: the cause is named, what ran before is put back, and answers."""

    def test_a_container(self, blob: Mortal, tmp_path: Path) -> None:
        """Nobody would see a blob."""
        accounts, account = blob.deployer.sandbox.arm.accounts, account_of(blob)

        run = blob.run_while(lambda: accounts.remove_container(account, "input"), tmp_path)

        assert (8, "first") == (run.code, blob.model()), run.log
        assert "the blob container `input` no longer exists" in run.errors[0]

    def test_a_way_in(self, blob: Mortal, tmp_path: Path) -> None:
        """A firewall that lets in nobody from where the app is; the next run finds it before it writes anything."""
        assert blob.run().code == 0
        account = account_of(blob)

        run = blob.run_while(lambda: account.properties.update(DENY), tmp_path, verify_timeout="10")
        planned = blob.run(mode="plan")
        account.properties.update(ALLOW)

        said = f"the network rules of the storage account `{account.id.name}` keep the app out"
        assert (8, 6) == (run.code, planned.code), run.log
        assert [True, True] == [said in one.errors[0] for one in (run, planned)]

    def test_a_queue(self, queue: Mortal, tmp_path: Path) -> None:
        """Nobody would get a message."""
        namespaces = queue.deployer.sandbox.arm.service_bus
        [namespace] = owned(queue, "Microsoft.ServiceBus/namespaces")

        run = queue.run_while(lambda: namespaces.remove_queue(namespace.id.name, "requests"), tmp_path)

        assert (8, "first") == (run.code, queue.model()), run.log
        assert "the Service Bus queue `requests` no longer exists" in run.errors[0]

    def test_a_queue_of_a_slot(self, queue: Mortal, tmp_path: Path) -> None:
        """Nothing is swapped."""
        assert queue.run().code == 0
        namespaces = queue.deployer.sandbox.arm.service_bus
        [namespace] = owned(queue, "Microsoft.ServiceBus/namespaces")
        where = {"slot_name": "staging", "swap": "true", "sample": True}

        run = queue.run_while(lambda: namespaces.remove_queue(namespace.id.name, "requests"), tmp_path, **where)

        assert (8, "first") == (run.code, queue.model()), run.log
        assert "the Service Bus queue `requests` no longer exists" in run.errors[0]
        assert "::group::Swap" not in run.log

    def test_a_role(self, queue: Mortal, tmp_path: Path) -> None:
        """The app may not receive."""
        assert queue.run().code == 0
        roles, [namespace] = queue.deployer.sandbox.roles, owned(queue, "Microsoft.ServiceBus/namespaces")
        [held] = [one for one in roles.around(f"{namespace.id}/queues/requests") if "/queues/" in one.scope]

        run = queue.run_while(lambda: roles.remove(held.name), tmp_path)

        assert (8, "first") == (run.code, queue.model()), run.log
        assert "the app's identity no longer has Azure Service Bus Data Receiver on requests" in run.errors[0]


class TestAListenerThatFails:
    """All that Resource Manager tells is well; only the log of the container knows."""

    NAMESPACE = "TriggerConnectionString__fullyQualifiedNamespace"
    BLOBS = "TriggerConnectionString__blobServiceUri"

    def test_for_want_of_its_namespace(self, queue: Mortal, tmp_path: Path) -> None:
        """The host runs, its functions have no error, and no message is ever received. The version before is back."""
        assert queue.run().code == 0

        run = queue.run_while(lambda: queue.rewire(self.NAMESPACE, "nowhere.servicebus.windows.net"), tmp_path)

        assert (8, "first") == (run.code, queue.model()), run.log
        assert "the trigger's connection names no storage account or namespace that can be used" in run.errors[0]
        assert "Message processing error (Action=Receive" in run.errors[0]

    def test_for_want_of_a_role(self, blob: Mortal, queue: Mortal, tmp_path: Path) -> None:
        """Its look for blobs takes the host down, again after each start, until the account is its own again."""
        assert blob.run().code == 0
        [foreign] = owned(queue, "Microsoft.Storage/storageAccounts")
        uri, own = str(foreign.properties["primaryEndpoints"]["blob"]), blob.setting(self.BLOBS)

        run = blob.run_while(lambda: blob.rewire(self.BLOBS, uri), tmp_path, verify_timeout="10")
        blob.rewire(self.BLOBS, own)
        blob.restart()
        again = blob.run()

        assert (8, 0, "first") == (run.code, again.code, blob.model()), run.log + again.log
        assert "the trigger may not use its storage account" in run.errors[0]
        assert "quiet" == again.outputs["trigger-state"]
