"""What the sandbox's host reads from bindings and settings, and what its worker asks of a function's signature."""

from __future__ import annotations

import datetime as dt
import json
import re
import typing
import uuid
from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest

from azure_sandbox.functions_host.binding_paths import (
    PathInvalid,
    check_trigger_path,
    parse_template,
    resolve_settings,
    split_blob_path,
)
from azure_sandbox.functions_host.connections import Connection, find_connection
from azure_sandbox.functions_host.options import HostJsonInvalid, read_options
from azure_sandbox.functions_host.triggers import check_bindings, triggered_from_json
from azure_sandbox.functions_host.worker.converting import ConversionFailed, encode
from azure_sandbox.functions_host.worker.signature import FunctionNotLoaded, read_signature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = dt.datetime(2026, 3, 4, 15, 6, 7, 890000, tzinfo=dt.UTC)


class TestBindingExpressions:
    @pytest.mark.parametrize(
        ("path", "blob", "expected"),
        [
            ("in/{name}.json", "a.json", {"name": "a"}),
            ("in/{name}.json", "deep/a.json", {"name": "deep/a"}),
            ("in/{name}.json", "a.JSON", None),
            ("in/{name}.{ext}", "a.tar.gz", {"name": "a.tar", "ext": "gz"}),
            ("in/{{{name}}}", "{a}", {"name": "a"}),
            ("in/fixed (1).txt", "fixed (1).txt", {}),
            ("in/{name}", "", {"name": ""}),
        ],
    )
    def test_a_path_takes_a_name_apart(self, path: str, blob: str, expected: dict[str, str] | None) -> None:
        """The first name takes what it can, folders included; doubled braces are braces; case counts."""
        assert expected == check_trigger_path(path)[1].match(blob)

    @pytest.mark.parametrize(
        ("template", "expected"),
        [
            ("{name}_out.json", "a_out.json"),
            ("{NAME}", "a"),
            ("{{{name}}}", "{a}"),
            ("{Properties.ContentLength}", "3"),
            ("{DateTime}", "2026-03-04T15-06-07Z"),
            ("{datetime:yyyy/MM/dd/HHmmss'Z'}", "2026/03/04/150607Z"),
            ("{DateTime:d-M-yy h.m.s tt fff}", "4-3-26 3.6.7 PM 890"),
            ("{sys.methodname}", "score"),
        ],
    )
    def test_a_path_is_filled_from_the_trigger_and_by_the_host(self, template: str, expected: str) -> None:
        """Names in any case, properties of values, and the host's own expressions."""
        values = {"name": "a", "Properties": {"ContentLength": 3}}

        assert expected == parse_template(template).fill(values, "score", NOW)

    def test_random_names_are_new_each_time(self) -> None:
        """As a GUID with hyphens, or in the format that is asked for."""
        template = parse_template("{rand-guid}/{sys.randguid}/{rand-guid:N}")
        first, second, plain = template.fill({}, "score").split("/")

        assert len({first, second, str(uuid.UUID(plain))}) == 3
        assert re.fullmatch("[0-9a-f]{32}", plain)

    @pytest.mark.parametrize(
        "path", ["in", "in/", "/x", "in/{name", "in/name}", "in/{}", "{c}/x", "in/{a}{a}", "in/{a.b}"]
    )
    def test_a_malformed_trigger_path_is_refused(self, path: str) -> None:
        """No container, a lone brace, an empty name, a container that varies, a name twice, a name with a dot."""
        with pytest.raises(PathInvalid):
            check_trigger_path(path)

    def test_a_name_without_a_value_is_refused(self) -> None:
        """In the words of the real host."""
        with pytest.raises(PathInvalid, match=r"No value for named parameter 'other'\."):
            split_blob_path("out/{other}")[1].fill({"name": "a"}, "score")

    def test_settings_are_put_in_the_whole_path(self) -> None:
        """The container included; one that is missing or empty, and a lone percent sign, are refused."""
        environ = {"Stage": "test", "EMPTY": ""}

        assert resolve_settings("%stage%/{name}-%Stage%", environ) == "test/{name}-test"
        for path in ("%Other%/x", "%EMPTY%/x"):
            with pytest.raises(PathInvalid, match="does not resolve to a value"):
                resolve_settings(path, environ)
        with pytest.raises(PathInvalid, match="does not have a closing '%'"):
            resolve_settings("in/50%", environ)


class TestConnections:
    def test_a_setting_wins_over_a_group(self) -> None:
        """Names in any case; one with AzureWebJobs before it counts first."""
        group = {"Data__blobServiceUri": "https://a/", "data__clientid": "me"}
        found = find_connection("Data", group)

        assert found == Connection("Data", "", {"blobserviceuri": "https://a/", "clientid": "me"})
        assert find_connection("Data", {**group, "data": "text"}) == Connection("Data", "text", {})
        assert find_connection("Data", {"Data": "b", "AzureWebJobsData": "a"}) == Connection("Data", "a", {})
        assert find_connection("Data", {"Data2": "x"}) is None


def function_json(trigger: dict[str, Any], *outputs: dict[str, Any]) -> list[dict[str, Any]]:
    common = {"name": "given", "direction": "in", "connection": "Data"}
    return [
        {**common, **trigger},
        *({"name": "$return", "direction": "out", "connection": "Data"} | one for one in outputs),
    ]


BLOB = {"type": "blobTrigger", "path": "in/{name}"}
QUEUE = {"type": "serviceBusTrigger", "queueName": "%Queue%"}
ENVIRON = {"Data": "text", "Queue": "requests"}


class TestIndexing:
    def test_what_a_listener_needs_goes_over_the_wire_and_back(self) -> None:
        """Settings are in their place, text is what a binding without dataType gives."""
        bindings = function_json(QUEUE, {"type": "blob", "path": "out/{MessageId}", "dataType": "binary"})
        found, errors = check_bindings("score", bindings, ENVIRON)
        assert found is not None

        assert errors == ()
        assert found == triggered_from_json(json.loads(json.dumps(found.to_json())))
        assert ("requests", True) == (found.trigger.place, found.trigger.text)
        assert [("$return", "blob", "out/{MessageId}", False)] == [
            (one.name, one.kind, one.place, one.text) for one in found.outputs
        ]

    @pytest.mark.parametrize(
        ("bindings", "environ", "said"),
        [
            (function_json(BLOB), {}, "Storage account connection string 'AzureWebJobsData' does not exist"),
            (function_json(QUEUE), {"Queue": "q"}, "ServiceBus connection string 'Data' is missing or empty"),
            (function_json(QUEUE), {"Data": "x"}, "'%Queue%' does not resolve to a value"),
            (function_json(BLOB, {"type": "blob", "path": "out"}), ENVIRON, "'container/blob'"),
            (function_json(BLOB, {"type": "serviceBus"}), ENVIRON, "has no 'queueName'"),
            (function_json({"type": "timerTrigger"}), ENVIRON, "'timerTrigger' are not registered"),
            (function_json(BLOB, {"type": "http"}), ENVIRON, "'http' are not registered"),
            (
                function_json({"type": "httpTrigger"}, {"type": "blob", "path": "a/b"}),
                ENVIRON,
                "beside an HTTP trigger",
            ),
            (function_json({**QUEUE, "topicName": "t"}), ENVIRON, "no 'topicName'"),
            (function_json({**QUEUE, "cardinality": "many"}), ENVIRON, "cardinality 'many' is not there"),
        ],
    )
    def test_what_cannot_run_is_an_error(
        self, bindings: list[dict[str, Any]], environ: dict[str, str], said: str
    ) -> None:
        """A connection, a setting, a path, and bindings that the sandbox does not have."""
        found, errors = check_bindings("score", bindings, environ)

        assert found is None
        assert any(said in error for error in errors)

    def test_http_functions_need_no_listener(self) -> None:
        """And are no error."""
        assert check_bindings("score", function_json({"type": "httpTrigger"}, {"type": "http"}), {}) == (None, ())


class TestConcurrency:
    def test_settings_win_over_host_json_whatever_their_case(self, tmp_path: Path) -> None:
        """Parallel blobs, tries, parallel messages and the renewal of locks."""
        extensions = {"blobs": {"maxDegreeOfParallelism": 4}, "serviceBus": {"maxAutoLockRenewalDuration": "01:00:00"}}
        (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": extensions}))
        start = "AzureFunctionsJobHost__EXTENSIONS__"
        options = read_options(
            {
                "AzureWebJobsScriptRoot": str(tmp_path),
                f"{start}BLOBS__MAXDEGREEOFPARALLELISM": "2",
                f"{start}SERVICEBUS__MAXCONCURRENTCALLS": "1",
            }
        )

        assert (2, 5) == (options.blobs.parallel, options.blobs.tries)
        assert (1, 0, 3600.0, True) == (
            options.queues.parallel,
            options.queues.prefetch,
            options.queues.renewal,
            options.queues.complete,
        )

    @pytest.mark.parametrize(
        "part", [{"blobs": {"maxDegreeOfParallelism": 0}}, {"serviceBus": {"maxAutoLockRenewalDuration": "long"}}]
    )
    def test_values_that_are_none_are_refused(self, tmp_path: Path, part: dict[str, Any]) -> None:
        """The host is in error with them."""
        (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": part}))

        with pytest.raises(HostJsonInvalid):
            read_options({"AzureWebJobsScriptRoot": str(tmp_path)})


def stream(given: func.InputStream) -> str:
    raise NotImplementedError


def raw(given: bytes, out: func.Out[bytes]) -> None: ...
def plain(given, out, context) -> None: ...  # type: ignore[no-untyped-def] # what it is for
def message(given: func.ServiceBusMessage, context: func.Context) -> bytes:
    raise NotImplementedError


def request(given: func.HttpRequest) -> str:
    raise NotImplementedError


def untyped_out(given: bytes, out: bytes) -> None: ...
def out_in(given: func.Out[bytes]) -> None: ...
def number(given: int) -> None: ...
def returns_nothing(given: bytes) -> None: ...
def returns_list(given: bytes) -> typing.List[bytes]:  # noqa: UP006 - a generic of its own kind
    raise NotImplementedError


def wrong_context(given: bytes, context: str) -> None: ...


OUT = {"type": "blob", "name": "out", "direction": "out"}


class TestSignature:
    @pytest.mark.parametrize(
        ("call", "trigger", "outputs", "expected"),
        [
            (stream, "blobTrigger", [{"type": "blob"}], "blobTrigger"),
            (raw, "blobTrigger", [OUT], "generic"),
            (plain, "serviceBusTrigger", [{**OUT, "type": "serviceBus"}], "serviceBusTrigger"),
            (message, "serviceBusTrigger", [{"type": "serviceBus"}], "serviceBusTrigger"),
        ],
    )
    def test_what_the_real_worker_takes_is_taken(
        self, call: Callable[..., Any], trigger: str, outputs: list[dict[str, Any]], expected: str
    ) -> None:
        """A parameter annotated bytes or str gets the content as it is; others go through their converter."""
        signature = read_signature("score", call, function_json({"type": trigger}, *outputs))

        assert expected == signature.trigger.kind
        assert signature.wants_context == (call in {plain, message})

    @pytest.mark.parametrize(
        ("call", "trigger", "outputs", "said"),
        [
            (raw, "blobTrigger", [], "declared in Python but not in function.json: ['out']"),
            (stream, "blobTrigger", [OUT], "declared in function.json but not in Python: ['out']"),
            (request, "blobTrigger", [{"type": "blob"}], "does not match its Python annotation"),
            (stream, "serviceBusTrigger", [{"type": "serviceBus"}], "does not match its Python annotation"),
            (untyped_out, "blobTrigger", [OUT], "not a subclass of azure.functions.Out"),
            (out_in, "blobTrigger", [], "its annotation is azure.functions.Out"),
            (number, "blobTrigger", [], "does not match its Python annotation"),
            (returns_nothing, "blobTrigger", [{"type": "blob"}], 'annotation "NoneType" does not match'),
            (returns_list, "blobTrigger", [{"type": "blob"}], "invalid non-type return annotation"),
            (stream, "blobTrigger", [{"type": "blob", "direction": "in"}], 'must have direction set to "out"'),
            (wrong_context, "blobTrigger", [], "of type azure.functions.Context"),
        ],
    )
    def test_what_the_real_worker_refuses_is_refused(
        self, call: Callable[..., Any], trigger: str, outputs: list[dict[str, Any]], said: str
    ) -> None:
        """Parameters, directions and annotations that do not fit, in its words."""
        with pytest.raises(FunctionNotLoaded, match=re.escape(said)):
            read_signature("score", call, function_json({"type": trigger}, *outputs))

    def test_outputs_are_text_or_bytes(self) -> None:
        """Of a blob also what can be read; anything else, and nothing at all, is refused."""
        assert [("string", "ä".encode()), ("bytes", b"\xff")] == [encode("blob", one, None) for one in ("ä", b"\xff")]
        assert encode("serviceBus", b"x", bytes) == ("bytes", b"x")
        for kind, value in (("blob", None), ("serviceBus", {"a": 1}), ("generic", 1)):
            with pytest.raises(ConversionFailed, match="unable to encode outgoing TypedData"):
                encode(kind, value, None)
