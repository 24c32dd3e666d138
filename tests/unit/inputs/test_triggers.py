"""The three triggers and what each of them takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.spec import AuthLevel, BlobTrigger, HttpTrigger, ServiceBusQueueTrigger
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, PACKAGE, problems

if TYPE_CHECKING:
    from pathlib import Path

BLOB = {"trigger": "blob", "input-path": "input/{blobname}.json", "output-path": "output/{blobname}_out.json"}
QUEUE = {"trigger": "service-bus-queue", "input-queue-name": "incoming", "output-queue-name": "answers"}


class TestBlob:
    """`trigger: blob`."""

    def test_derives_the_account(self, workspace: Path) -> None:
        """The data have an account of their own, whose name follows from the app's."""
        spec = read_inputs({**DEPLOY, **BLOB}, workspace=workspace)

        assert spec.trigger == BlobTrigger("input/{blobname}.json", "output/{blobname}_out.json")
        assert spec.target is not None
        assert spec.target.resources.data_storage_account == "churnscoredata3ianc4xel2"
        assert spec.target.resources.service_bus_namespace is None
        assert spec.trigger.auth_level is AuthLevel.ADMIN

    def test_without_an_output(self, workspace: Path) -> None:
        """A script may write its results elsewhere."""
        spec = read_inputs({**PACKAGE, "trigger": "Blob", "input-path": "/input/{n}"}, workspace=workspace)

        assert spec.trigger == BlobTrigger("input/{n}", None)

    def test_account_given(self, workspace: Path) -> None:
        """One that exists is taken, even the host's own."""
        given = {"storage-account": "churnstore", "data-storage-account": "churnstore"}

        spec = read_inputs({**DEPLOY, **BLOB, **given}, workspace=workspace)

        assert spec.target is not None
        assert spec.target.resources.data_storage_account == "churnstore"

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("input-path", "", "it is required with `trigger: blob`. Set it to the blobs to score"),
            ("input-path", "input", "`input` is not a blob's path: it has no container and name"),
            ("input-path", "input/{rand-guid}", "which the host allows in outputs only"),
            *(
                ("input-path", f"input/{{{name}}}.json", f"`{{{name}}}`")
                for name in ("properties", "Uri", "metadata", "BlobTrigger")
            ),
            ("output-path", "output/a\\{blobname}", "no backslash"),
            ("output-path", "output/{name", "the brace `{` has no other end"),
            (
                "output-path",
                "output/{name}.json",
                "it holds `{name}`, which `input-path` does not. `input-path` has `{blobname}`; the host itself gives",
            ),
            ("output-path", "input/{blobname}_out.json", "would be scored in turn: it may fit `input-path` as well"),
            ("output-path", "input/%NAME%", "would be scored in turn"),
            ("data-storage-account", "Data", "3 to 24"),
        ],
    )
    def test_refuses(self, name: str, text: str, words: str, workspace: Path) -> None:
        """Paths that the host would not take, or that would never end."""
        found = problems({**DEPLOY, **BLOB, name: text}, workspace)

        assert [name] == list(found)
        assert words in found[name]

    @pytest.mark.parametrize("output", ["output/{BLOBNAME}", "output/{rand-guid}-{DateTime}", "%OUT%/{blobname}"])
    def test_outputs(self, output: str, workspace: Path) -> None:
        """The input's names in any case, the host's own, and settings."""
        assert read_inputs({**PACKAGE, **BLOB, "output-path": output}, workspace=workspace).mode

    def test_a_setting_may_bring_a_backslash(self, workspace: Path) -> None:
        """The host writes no blob with one, wherever it comes from."""
        values = {**DEPLOY, **BLOB, "output-path": "output/%DAY%{blobname}.json", "app-settings": "DAY=a\\b"}

        assert "the app setting `DAY`" in problems(values, workspace)["output-path"]

    @pytest.mark.parametrize(("setting", "circle"), [("OUT=input", True), ("out=output", False)])
    def test_a_setting_may_close_the_circle(self, setting: str, circle: bool, workspace: Path) -> None:
        """The values of `app-settings` are looked at, where the path has them."""
        values = {**DEPLOY, **BLOB, "output-path": "%OUT%/{blobname}.json", "app-settings": setting}

        if circle:
            assert ["output-path"] == list(problems(values, workspace))
        else:
            assert read_inputs(values, workspace=workspace).target


class TestQueue:
    """`trigger: service-bus-queue`."""

    @pytest.mark.parametrize("spelling", ["service-bus-queue", "service_bus_queue"])
    def test_derives_the_namespace(self, spelling: str, workspace: Path) -> None:
        """The old spelling is taken as well."""
        spec = read_inputs({**DEPLOY, **QUEUE, "trigger": spelling}, workspace=workspace)

        assert spec.trigger == ServiceBusQueueTrigger("incoming", "answers")
        assert spec.target is not None
        assert spec.target.resources.service_bus_namespace == "churn-scorer-bus-fpgo766bqs"
        assert (spec.target.service_bus_sku, spec.target.resources.data_storage_account) == ("Standard", None)

    def test_everything_given(self, workspace: Path) -> None:
        """The namespace and its size, in any case."""
        given = {"service-bus-namespace": "Contoso-Bus", "service-bus-sku": "premium"}

        spec = read_inputs({**DEPLOY, **QUEUE, **given}, workspace=workspace)

        assert spec.target is not None
        assert (spec.target.resources.service_bus_namespace, spec.target.service_bus_sku) == ("Contoso-Bus", "Premium")

    def test_without_an_output(self, workspace: Path) -> None:
        """A script may send its results elsewhere."""
        spec = read_inputs({**PACKAGE, **QUEUE, "output-queue-name": ""}, workspace=workspace)

        assert spec.trigger == ServiceBusQueueTrigger("incoming", None)

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("input-queue-name", "", "it is required with `trigger: service-bus-queue`"),
            ("input-queue-name", "in queue", "`in queue` is not a queue's name"),
            ("input-queue-name", "/in", "with a letter or a digit at either end"),
            ("input-queue-name", "a" * 261, "1 to 260"),
            ("output-queue-name", "out/", "with a letter or a digit at either end"),
            ("output-queue-name", "INCOMING", "each answer would be scored in turn"),
            ("service-bus-namespace", "short", "6 to 50"),
            ("service-bus-namespace", "1contoso", "starting with a letter"),
            ("service-bus-namespace", "contoso-", "ending with a letter or a digit"),
            ("service-bus-namespace", "contoso-sb", "which Service Bus keeps for itself"),
            ("service-bus-namespace", "contoso-MGMT", "which Service Bus keeps for itself"),
            ("service-bus-sku", "free", "Use Basic, Standard, Premium."),
        ],
    )
    def test_refuses(self, name: str, text: str, words: str, workspace: Path) -> None:
        """What Service Bus would refuse later, and queues in a circle."""
        found = problems({**DEPLOY, **QUEUE, name: text}, workspace)

        assert [name] == list(found)
        assert words in found[name]


class TestOthers:
    """Inputs that belong to another trigger."""

    @pytest.mark.parametrize(
        ("values", "name", "words"),
        [
            ({"input-path": "input/{n}"}, "input-path", "`trigger: http`, which does not use it. Remove it, or use"),
            ({"service-bus-sku": "Basic"}, "service-bus-sku", "or use `trigger: service-bus-queue`"),
            ({**BLOB, "auth-level": "function"}, "auth-level", "`trigger: blob`, which does not use it"),
            ({**QUEUE, "output-path": "output/{n}"}, "output-path", "`trigger: service-bus-queue`, which does not"),
            ({**BLOB, "input-queue-name": "q"}, "input-queue-name", "`trigger: blob`, which does not use it"),
        ],
    )
    def test_are_refused(self, values: dict[str, str], name: str, words: str, workspace: Path) -> None:
        """They would be ignored, and nobody would know."""
        found = problems({**DEPLOY, **values}, workspace)

        assert [name] == list(found)
        assert words in found[name]

    @pytest.mark.parametrize("values", [{}, BLOB, QUEUE], ids=["http", "blob", "queue"])
    def test_defaults_are_not_among_them(self, values: dict[str, str], workspace: Path) -> None:
        """GitHub passes the defaults of action.yml as if they were given; no trigger may stumble over one."""
        defaults = {spec.name: spec.default for spec in CATALOGUE if spec.default is not None}
        registered = {"model-path": "azureml:churn:1", "workspace": "ml-one"}

        assert read_inputs({**defaults, **DEPLOY, **values, **registered}, workspace=workspace).target

    def test_are_ignored_in_a_mode_that_does_not_read_them(self, workspace: Path) -> None:
        """Mode `package` takes no Azure names, whichever trigger they are for."""
        spec = read_inputs({**PACKAGE, "service-bus-sku": "?", "data-storage-account": "?"}, workspace=workspace)

        assert spec.trigger == HttpTrigger(AuthLevel.FUNCTION)


class TestRoutePrefix:
    """`route-prefix`."""

    @pytest.mark.parametrize(
        ("text", "prefix"),
        [
            ("", None),
            ("none", ""),
            ("None", ""),
            ("/", ""),
            ("/models/churn_1/", "models/churn_1"),
            ("V2.1", "V2.1"),
            ("api", "api"),
            ("administration", "administration"),
        ],
    )
    def test_is_read(self, text: str, prefix: str | None, workspace: Path) -> None:
        """Slashes at the ends mean nothing; with any trigger, as each has functions that answer HTTP."""
        assert prefix == read_inputs({**PACKAGE, **BLOB, "route-prefix": text}, workspace=workspace).route_prefix

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a b", "`a b` is not a route prefix"),
            ("a//b", "is not a route prefix"),
            ("{model}", "is not a route prefix"),
            ("a/../b", "is not a route prefix"),
            (".", "is not a route prefix"),
            ("ä", "is not a route prefix"),
            ("a" * 201, "is not a route prefix"),
            ("https://contoso.test/score", "is not a route prefix"),
            ("Admin/x", "below `/admin` are the Functions host's own pages"),
            ("/runtime", "below `/runtime` are the Functions host's own pages"),
            (".auth", "below `/.auth` are the pages of App Service's authentication"),
        ],
    )
    def test_refuses(self, text: str, words: str, workspace: Path) -> None:
        """What no address begins with, and what others answer below."""
        assert words in problems({**PACKAGE, "route-prefix": text}, workspace)["route-prefix"]
