"""host.json: ours, the user's over it, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.bundle import check_host_json, route_prefix
from functions_model.bundle.host_json import host_json
from functions_model.core.failures import BundleFailed
from functions_model.core.spec import BlobTrigger, HttpTrigger, ServiceBusQueueTrigger
from support.function_app import spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.spec import DeploymentSpec, Trigger

HTTP = HttpTrigger()
BLOB = BlobTrigger("in/{name}", "out/{name}")
QUEUE = ServiceBusQueueTrigger("in", "out")


def given(folder: Path, text: str | bytes, trigger: Trigger = HTTP, **spec: Any) -> DeploymentSpec:
    """A specification with this file of the user's."""
    path = folder / "host.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return spec_of(folder, trigger=trigger, host_json=path, **spec)


def problems(folder: Path, text: str | bytes, trigger: Trigger = QUEUE) -> list[tuple[str, int | None]]:
    """What is found, with its lines."""
    found = check_host_json(given(folder, text, trigger))
    assert all(one.location and one.location.file == folder / "host.json" for one in found)
    assert all(one.subject == "host-json" and one.remedy.endswith(".") for one in found)
    return [(one.what, one.location.line if one.location else None) for one in found]


class TestOurs:
    """What is written without a file of the user's."""

    def test_http_needs_no_extensions(self, tmp_path: Path) -> None:
        """The bundle of the base image, time for the first call, and the console log."""
        assert {
            "version": "2.0",
            "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
            "functionTimeout": "00:30:00",
            "logging": {"logLevel": {"default": "Information"}, "console": {"isEnabled": True}},
        } == host_json(spec_of(tmp_path))

    def test_blobs_come_as_many_as_there_are_threads(self, tmp_path: Path) -> None:
        """The host takes no more blobs at a time than are scored, and gives up after five tries."""
        settings = host_json(spec_of(tmp_path, trigger=BLOB, concurrency=3))

        assert {"blobs": {"maxDegreeOfParallelism": 3, "poisonBlobThreshold": 5}} == settings["extensions"]

    def test_messages_stay_locked_while_they_are_scored(self, tmp_path: Path) -> None:
        """Locks are renewed for longer than a function may run, and nothing is fetched ahead."""
        settings = host_json(spec_of(tmp_path, trigger=QUEUE))

        assert {
            "serviceBus": {"maxConcurrentCalls": 1, "prefetchCount": 0, "maxAutoLockRenewalDuration": "00:35:00"}
        } == settings["extensions"]


class TestMerged:
    """The user's file over ours."""

    def test_keys_are_merged_one_by_one(self, tmp_path: Path) -> None:
        """What the user does not name stays, names are the same in any case, and unknown keys pass."""
        theirs = {
            "Extensions": {"SERVICEBUS": {"prefetchCount": 2}, "http": {"routePrefix": "/api"}},
            "logging": {"logLevel": {"Function": "Debug"}},
            "concurrency": {"dynamicConcurrencyEnabled": True},
            "of the user": [1, {"a": None}],
        }

        settings = host_json(given(tmp_path, json.dumps(theirs), QUEUE))

        assert {
            "serviceBus": {"maxConcurrentCalls": 1, "prefetchCount": 2, "maxAutoLockRenewalDuration": "00:35:00"},
            "http": {"routePrefix": "/api"},
        } == settings["extensions"]
        assert {"default": "Information", "Function": "Debug"} == settings["logging"]["logLevel"]
        assert [1, {"a": None}] == settings["of the user"]
        assert {"dynamicConcurrencyEnabled": True} == settings["concurrency"]

    @pytest.mark.parametrize(
        ("given_prefix", "theirs", "prefix"),
        [
            (None, {}, "api"),
            (None, {"http": {"routePrefix": "/API/"}}, "api"),
            (None, {"http": {"routePrefix": "/v1/"}}, "v1"),
            (None, {"HTTP": {"RoutePrefix": ""}}, ""),
            ("", {}, ""),
            ("v2", {"http": {"maxConcurrentRequests": 4}}, "v2"),
            ("V2", {"http": {"routePrefix": "v2/"}}, "V2"),
        ],
    )
    def test_the_route_prefix_is_the_inputs_or_theirs(
        self, tmp_path: Path, given_prefix: str | None, theirs: dict[str, Any], prefix: str
    ) -> None:
        """The host's list of functions reads it by one spelling, and so it is written; `api` is left as it stands."""
        spec = replace(given(tmp_path, json.dumps({"Extensions": theirs})), route_prefix=given_prefix)

        written = host_json(spec)
        assert prefix == route_prefix(spec)
        if prefix != "api":
            assert prefix == written["extensions"]["http"].pop("routePrefix")
            assert {} == written["extensions"]["http"] or {"maxConcurrentRequests": 4} == written["extensions"]["http"]
        assert prefix == route_prefix(replace(spec, host_json=None, route_prefix=prefix))

    def test_a_route_prefix_of_both_that_differs_is_one_fault(self, tmp_path: Path) -> None:
        """With the line of theirs, and what the input says."""
        text = '{"extensions":\n {"http":\n  {"routePrefix": ""}}}'
        [found] = check_host_json(replace(given(tmp_path, text), route_prefix="v2"))

        assert "`extensions.http.routePrefix` is `none`, and the input `route-prefix` is `v2`" == found.what
        assert found.location
        assert 3 == found.location.line

    @pytest.mark.parametrize(
        ("timeout", "renewal"),
        [
            ("00:10:00", "00:15:00"),
            ("23:58:00", "1.00:03:00"),
            ("2.00:00:00", "2.00:05:00"),
            ("00:10", "00:15:00"),
            ("-1", "7.00:00:00"),
            ("-1.00:00:00", "7.00:00:00"),
        ],
    )
    def test_renewal_follows_the_timeout(self, tmp_path: Path, timeout: str, renewal: str) -> None:
        """Where the user changes the time limit alone, locks are renewed for longer than that."""
        settings = host_json(given(tmp_path, json.dumps({"functionTimeout": timeout}), QUEUE))

        assert timeout == settings["functionTimeout"]
        assert renewal == settings["extensions"]["serviceBus"]["maxAutoLockRenewalDuration"]

    def test_comments_and_trailing_commas_are_read(self, tmp_path: Path) -> None:
        """As the host reads them; a string that looks like one is none."""
        text = """\ufeff{
            // of the user
            "functionTimeout": "01:00:00", /* an hour,
            at most */
            "logging": {"logLevel": {"https://x, }": "Debug", "a\\"//b": "None",},}, // end
        }"""

        settings = host_json(given(tmp_path, text))

        assert "01:00:00" == settings["functionTimeout"]
        assert {"default": "Information", "https://x, }": "Debug", 'a"//b': "None"} == settings["logging"]["logLevel"]

    def test_console_log_may_not_be_switched_off(self, tmp_path: Path) -> None:
        """Without it nobody could tell why an app does not start; it is refused, not switched on in silence."""
        [problem] = check_host_json(given(tmp_path, '{"logging": {"Console": {"IsEnabled": false}}}'))

        assert "`logging.console.isEnabled` is false" in problem.what

    @pytest.mark.parametrize(
        "version",
        ["[4.*, 5.0.0)", "[4.0.0, 5.0.0)", "[3.3.0, 5.0.0)", "[4.31.0]", "(4.1, 4.99]", "[3.*,4.0.0]", "[4.*,)"],
    )
    def test_ranges_with_a_version_4_are_taken(self, tmp_path: Path, version: str) -> None:
        """In any notation of NuGet's."""
        assert [] == problems(tmp_path, json.dumps({"extensionBundle": {"version": version}}))


class TestRefused:
    """What would keep the app from starting or from scoring."""

    @pytest.mark.parametrize(
        ("text", "what", "line"),
        [
            ('{\n "version": "2.0"\n "a": 1}', "it is not JSON: expecting ',' delimiter, column 2", 3),
            ("{\n// only\n", "it is not JSON: expecting property name enclosed in double quotes, column 1", 3),
            ("[]", "it is not an object", 1),
            (b"{\xff}", "the file is not UTF-8 text", 1),
            ("[" * 100_000, "it is nested too deeply", None),
        ],
    )
    def test_what_is_no_json_object_is_told(
        self, tmp_path: Path, text: str | bytes, what: str, line: int | None
    ) -> None:
        """With the line and the column in the user's own file."""
        assert [(what, line)] == problems(tmp_path, text)

    def test_missing_file_is_told(self, tmp_path: Path) -> None:
        """A file that cannot be read is a problem, not an error of ours."""
        [problem] = check_host_json(spec_of(tmp_path, host_json=tmp_path / "none.json"))

        assert "the file cannot be read: No such file or directory" == problem.what

    @pytest.mark.parametrize(
        ("theirs", "what"),
        [
            ({"version": "3.0"}, '`version` is not "2.0"'),
            ({"version": 2}, '`version` is not "2.0"'),
            ({"extensions": []}, "`extensions` is not an object"),
            ({"logging": None}, "`logging` is not an object"),
            ({"functionTimeout": "24:00:00"}, "`functionTimeout` is not a duration above zero"),
            ({"functionTimeout": "00:00:00"}, "`functionTimeout` is not a duration above zero"),
            ({"functionTimeout": "-00:00:00.0010000"}, "`functionTimeout` is not a duration above zero"),
            ({"functionTimeout": "-00:30:00"}, "`functionTimeout` is not a duration above zero"),
            *(
                ({path[0]: {path[1]: "-00:00:10"}}, f"`{'.'.join(path)}` is not a duration")
                for path in (("singleton", "lockPeriod"), ("healthMonitor", "healthCheckInterval"))
            ),
            ({"functionTimeout": 30}, "`functionTimeout` is not a duration above zero"),
            ({"functionTimeout": "30.00:00:00"}, "`functionTimeout` is longer than .NET's timers go, 24 days"),
            (
                {"extensionBundle": {"version": "[3.*, 4.0.0)"}},
                "`extensionBundle.version` has no version 4, the only one in the base images",
            ),
            (
                {"extensionBundle": {"version": "[5.0.0, 6.0.0)"}},
                "`extensionBundle.version` has no version 4, the only one in the base images",
            ),
            ({"extensionBundle": {"version": "latest"}}, "`extensionBundle.version` is not a range of versions"),
            (
                {"extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle.Preview"}},
                "`extensionBundle.id` is a bundle that the base images do not have",
            ),
            (
                {"extensions": {"http": {"routePrefix": "admin"}}},
                ("`extensions.http.routePrefix` cannot be used: below `/admin` are the Functions host's own pages"),
            ),
            (
                {"extensions": {"http": {"routePrefix": None}}},
                "`extensions.http.routePrefix` is not text",
            ),
            (
                {"extensions": {"serviceBus": {"maxConcurrentCalls": "4"}}},
                "`extensions.serviceBus.maxConcurrentCalls` is not a whole number from 1 up",
            ),
            (
                {"extensions": {"serviceBus": {"prefetchCount": True}}},
                "`extensions.serviceBus.prefetchCount` is not a whole number from 0 up",
            ),
            (
                {"concurrency": {"dynamicConcurrencyEnabled": "yes"}},
                "`concurrency.dynamicConcurrencyEnabled` is neither `true` nor `false`",
            ),
            (
                {"extensions": {"serviceBus": {"maxAutoLockRenewalDuration": "00:30:00"}}},
                (
                    "`extensions.serviceBus.maxAutoLockRenewalDuration` is not above `functionTimeout`: a message "
                    "would come again while it is still being scored"
                ),
            ),
            (
                {"extensions": {"serviceBus": {"maxAutoLockRenewalDuration": "24:00:00"}}},
                "`extensions.serviceBus.maxAutoLockRenewalDuration` is not a duration",
            ),
            (
                {"extensions": {"serviceBus": {"messageHandlerOptions": {"maxAutoRenewDuration": "00:05:00"}}}},
                (
                    "`extensions.serviceBus.messageHandlerOptions.maxAutoRenewDuration` is not above "
                    "`functionTimeout`: a message would come again while it is still being scored"
                ),
            ),
            (
                {"extensions": {"serviceBus": {"autoCompleteMessages": False}}},
                (
                    "`extensions.serviceBus.autoCompleteMessages` is off, so that no message is ever settled and each "
                    "ends in the dead-letter queue"
                ),
            ),
            ({"functions": ["score"]}, "`functions` leaves out `check`, `identity`, `warmup`"),
        ],
    )
    def test_setting_is_told_with_its_place(self, tmp_path: Path, theirs: dict[str, Any], what: str) -> None:
        """Each by its path, on the line of its key."""
        text = json.dumps(theirs, indent=1)
        key = what.partition("` ")[0].rpartition(".")[2].strip("`")
        [line] = [number for number, row in enumerate(text.splitlines(), 1) if f'"{key}"' in row]

        assert [(what, line)] == problems(tmp_path, text)

    def test_all_problems_are_told_at_once(self, tmp_path: Path) -> None:
        """The early check and the plan tell the same."""
        text = (
            '{\n "list": [{"functionTimeout": 1}],\n "FunctionTimeout": "1",\n "extensions": {"http":\n'
            '  {"routePrefix": "{v1}"}},\n "version": "1"\n}'
        )
        spec = given(tmp_path, text)

        with pytest.raises(BundleFailed) as caught:
            host_json(spec)

        assert caught.value.problems == check_host_json(spec)
        assert {("version", 6), ("extensions", 5), ("functionTimeout", 3)} == {
            (what.strip("`").partition(".")[0].partition("`")[0], line) for what, line in problems(tmp_path, text, HTTP)
        }

    def test_without_a_file_nothing_is_wrong(self, tmp_path: Path) -> None:
        """Ours fits, with every trigger."""
        assert [(), (), ()] == [check_host_json(spec_of(tmp_path, trigger=one)) for one in (HTTP, BLOB, QUEUE)]
