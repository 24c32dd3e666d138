"""The stand-in for the Functions host: rules that need no container."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from azure_sandbox.apps.engine import StartFailed
from azure_sandbox.base_images import BaseImageUnavailable, Flavour, prepare
from azure_sandbox.functions_host.console import Console
from azure_sandbox.functions_host.host import ScriptHost
from azure_sandbox.functions_host.options import HostJsonInvalid, read_options
from azure_sandbox.functions_host.routes import compile_route
from azure_sandbox.functions_host.worker.paths import module_path

from .cloud import WWWROOT, http_function

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from typing import Protocol

    class Start(Protocol):
        """Starts the host with an app's files and settings."""

        def __call__(
            self, files: dict[str, str], environ: dict[str, str], *, port: int = 80, looks: int = 200
        ) -> httpx.Client: ...


pytestmark = pytest.mark.exhaustive


APP, WORKER, PACKAGES = "/home/site/wwwroot", "/host/worker", "/home/site/wwwroot/.python_packages/lib/site-packages"
STANDARD = ["/lib/python", "/lib/site-packages"]


class TestModulePath:
    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({"WEBSITE_INSTANCE_ID": "1"}, [APP, PACKAGES, WORKER, *STANDARD]),
            ({"WEBSITE_INSTANCE_ID": "1", "PYTHONPATH": "/mine"}, [APP, PACKAGES, WORKER, *STANDARD]),
            ({"PYTHONPATH": "/mine"}, [WORKER, "/mine", *STANDARD, APP]),
            (
                {"WEBSITE_INSTANCE_ID": "1", "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1"},
                [PACKAGES, *STANDARD, WORKER, APP],
            ),
            ({"PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1"}, [*STANDARD, WORKER, APP]),
            (
                {"PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1", "PYTHONPATH": PACKAGES, "AzureWebJobsScriptRoot": APP},
                [PACKAGES, *STANDARD, WORKER, APP],
            ),
        ],
    )
    def test_the_order_is_the_real_workers(self, environ: dict[str, str], expected: list[str]) -> None:
        """On Azure and in a plain container, with and without isolation."""
        given = environ.get("PYTHONPATH", "").split(":")
        current = [WORKER, *given, *STANDARD]

        assert expected == module_path(current, WORKER, APP, {"HOME": "/home", **environ}, (3, 11))


class TestRoutes:
    @pytest.mark.parametrize(
        ("route", "path", "expected"),
        [
            ("score", "/api/score", {}),
            ("score", "/API/Score/", {}),
            ("score", "/api/scores", None),
            ("m/{name}/{version:int?}", "/api/m/iris/3", {"name": "iris", "version": "3"}),
            ("m/{name}/{version:int?}", "/api/m/iris", {"name": "iris"}),
            ("m/{name}/{version:int?}", "/api/m/iris/x", None),
            ("files/{*path}", "/api/files/a/b%20c", {"path": "a/b c"}),
        ],
    )
    def test_templates_match_as_asp_net_does(self, route: str, path: str, expected: dict[str, str] | None) -> None:
        """Case does not count; constraints, optional parts and catch-alls do."""
        assert expected == compile_route("api", route).match(path)


class TestOptions:
    def test_host_json_and_settings_make_the_options(self, tmp_path: Path) -> None:
        """Settings win over host.json; a time span becomes seconds."""
        host = {"version": "2.0", "functionTimeout": "00:01:30", "extensions": {"http": {"routePrefix": "v1"}}}
        (tmp_path / "host.json").write_text(json.dumps(host))
        environ = {
            "AzureWebJobsScriptRoot": str(tmp_path),
            "ASPNETCORE_URLS": "http://+:8080",
            "AzureFunctionsJobHost__logging__console__isEnabled": "true",
            "AzureFunctionsJobHost__extensions__http__routePrefix": "v2",
        }
        options = read_options(environ)

        assert (90.0, "v2", 8080, True) == (options.timeout, options.route_prefix, options.port, options.console)

    @pytest.mark.parametrize(
        ("timeout", "seconds"), [("00:00:01", 1.0), ("1.00:00:00", 86400.0), ("-1", None), ("-1.00:00:00", None)]
    )
    def test_a_timeout_may_have_no_end(self, tmp_path: Path, timeout: str, seconds: float | None) -> None:
        """Minus a day means so."""
        (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "functionTimeout": timeout}))

        assert seconds == read_options({"AzureWebJobsScriptRoot": str(tmp_path)}).timeout

    @pytest.mark.parametrize("timeout", ["-00:00:00.0010000", "-00:30:00", "00:00:00", "-2.00:00:00"])
    def test_a_timeout_below_a_second_keeps_the_host_down(self, tmp_path: Path, timeout: str) -> None:
        """.NET's own sign for no end is none here."""
        (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "functionTimeout": timeout}))

        with pytest.raises(HostJsonInvalid, match="FunctionTimeout must be greater than 00:00:01"):
            read_options({"AzureWebJobsScriptRoot": str(tmp_path)})

    @pytest.mark.parametrize(("count", "workers"), [("", 1), ("0", 1), ("4", 4), ("10", 10), ("11", 0), ("many", 0)])
    def test_workers(self, tmp_path: Path, count: str, workers: int) -> None:
        """Ten at most; what is no number keeps the host down."""
        environ = {"AzureWebJobsScriptRoot": str(tmp_path), "FUNCTIONS_WORKER_PROCESS_COUNT": count}
        if not workers:
            with pytest.raises(HostJsonInvalid, match="Failed to initialize worker provider"):
                read_options(environ)
            return

        assert workers == read_options(environ).workers

    @pytest.mark.parametrize("text", ["{", "[]", '{"version": "1.0"}', '{"version": "2.0", "functionTimeout": "soon"}'])
    def test_a_bad_host_json_is_refused(self, tmp_path: Path, text: str) -> None:
        """It is no JSON, has no version 2.0, or a time span that is none."""
        (tmp_path / "host.json").write_text(text)

        with pytest.raises(HostJsonInvalid):
            read_options({"AzureWebJobsScriptRoot": str(tmp_path)})


SLOW = """
import os, time
import azure.functions as func

def main(req: func.HttpRequest, res: func.Out[func.HttpResponse]) -> None:
    if "crash" in req.params:
        os._exit(3)
    time.sleep(float(req.params.get("sleep", 0)))
    seen = {"x-seen": req.headers.get("transfer-encoding", "")}
    res.set(func.HttpResponse(f"{len(req.get_body())} {os.getpid()}", headers=seen))
"""


def answers(client: httpx.Client) -> bool:
    try:
        client.get("/")
    except httpx.TransportError:
        return False
    return True


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Start]:
    """Start the base image's own start command, with an app, as the process engine does."""
    from azure_sandbox.apps.engine import ContainerSpec
    from azure_sandbox.apps.image_pull import PulledImage
    from azure_sandbox.apps.process_engine import ProcessEngine

    engine = ProcessEngine(tmp_path / "engine", tmp_path / "ca.pem")
    base = prepare("{}.{}".format(*sys.version_info[:2]), Flavour.PROCESS)
    manifest = json.loads(base.manifest)
    config = json.loads(base.blobs[manifest["config"]["digest"]].read_bytes())
    engine._images["app"] = PulledImage(config, tuple(base.blobs[layer["digest"]] for layer in manifest["layers"]))
    started = []

    def start(files: dict[str, str], environ: dict[str, str], *, port: int = 80, looks: int = 200) -> httpx.Client:
        content = {f"/{path}": text.encode() for path, text in files.items()}
        container = engine.start(ContainerSpec("app", "app", environ, content, port))
        client = httpx.Client(base_url=container.address, timeout=30)
        started.append((container, client))
        for _ in range(looks):
            if answers(client):
                return client
            time.sleep(0.05)
        raise AssertionError(container.log())

    yield start
    for container, client in started:
        client.close()
        container.stop()
    engine.close()


def slow_app(**host_json: object) -> dict[str, str]:
    bindings = json.loads(http_function("slow"))["bindings"]
    bindings[1]["name"] = "res"
    return {
        f"{WWWROOT}/host.json": json.dumps({"version": "2.0", **host_json}),
        f"{WWWROOT}/slow/function.json": json.dumps({"bindings": bindings}),
        f"{WWWROOT}/slow/__init__.py": SLOW,
    }


WARMS = """
import os

def {entry}(context):
    with open(os.environ["WARMED"], "a") as file:
        file.write("{entry} ")
    raise ValueError("no model")
"""


class TestHost:
    def test_an_instance_is_warmed_up_once_by_whoever_asks(self, host: Start, tmp_path: Path) -> None:
        """By name and trigger; a failure is told once, and another name is never called."""
        files = slow_app()
        bindings = [{"type": "warmupTrigger", "direction": "in", "name": "context"}]
        for name in ("Warmup", "heat"):
            files[f"{WWWROOT}/{name}/function.json"] = json.dumps({"bindings": bindings, "entryPoint": name.lower()})
            files[f"{WWWROOT}/{name}/__init__.py"] = WARMS.format(entry=name.lower())
        client = host(files, {"WARMED": str(tmp_path / "warmed")})

        assert [500, 200] == [client.get("/admin/warmup").status_code for _ in range(2)]
        assert "warmup " == (tmp_path / "warmed").read_text()
        assert 200 == client.get("/api/slow").status_code

    def test_a_function_over_its_time_ends_with_its_worker(self, host: Start) -> None:
        """FunctionTimeout gives the caller a 500, and the next call is served by a new worker."""
        client = host(slow_app(functionTimeout="00:00:01"), {})
        first = client.get("/api/slow").text
        late = client.get("/api/slow?sleep=30")
        after = client.get("/api/slow").text

        assert late.status_code == 500
        assert first != after

    def test_a_worker_that_ends_is_replaced(self, host: Start) -> None:
        """A crash in user code costs that call alone."""
        client = host(slow_app(), {})
        crashed = client.get("/api/slow?crash=1")

        assert (crashed.status_code, client.get("/api/slow").status_code) == (500, 200)

    def test_a_call_waits_for_the_new_worker(self, host: Start) -> None:
        """Calls that come while the worker starts again are served, not failed."""
        client = host(slow_app(), {})
        client.get("/api/slow")
        crash = threading.Thread(target=client.get, args=["/api/slow?crash=1"])
        crash.start()
        time.sleep(0.1)
        codes = [client.get("/api/slow").status_code for _ in range(3)]
        crash.join()

        assert codes == [200, 200, 200]

    def test_several_workers_take_turns(self, host: Start) -> None:
        """Each is a process of its own, and one that ends is replaced alone."""
        client = host(slow_app(), {"FUNCTIONS_WORKER_PROCESS_COUNT": "2"})
        deadline = time.monotonic() + 20
        while len({client.get("/api/slow").text for _ in range(2)}) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        before = {client.get("/api/slow").text for _ in range(4)}
        crashed = client.get("/api/slow?crash=1").status_code
        after = {client.get("/api/slow").text for _ in range(4)}

        assert (2, 500, 2, 1) == (len(before), crashed, len(after), len(before & after))

    def test_bodies_above_the_limit_are_refused(self, host: Start) -> None:
        """413 above FUNCTIONS_REQUEST_BODY_SIZE_LIMIT, for a declared length and for chunks."""
        client = host(slow_app(), {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"})

        assert client.post("/api/slow", content=b"x" * 1000).text.startswith("1000 ")
        assert client.post("/api/slow", content=b"x" * 1001).status_code == 413
        assert client.post("/api/slow", content=iter([b"x" * 600] * 2)).status_code == 413

    def test_a_body_in_chunks_does_not_reach_the_function(self, host: Start) -> None:
        """It gets nothing, and a header that tells why; the connection serves on."""
        client = host(slow_app(), {})
        answers = [client.post("/api/slow", content=iter([b"x" * 600, b"y"])) for _ in range(2)]

        assert ["0", "0"] == [answer.text.partition(" ")[0] for answer in answers]
        assert ["chunked", "chunked"] == [answer.headers["x-seen"] for answer in answers]

    def test_calls_run_side_by_side(self, host: Start) -> None:
        """Sync functions run on threads: two that sleep for a while take less than twice as long together."""
        client = host(slow_app(), {})
        client.get("/api/slow")
        began = time.monotonic()
        threads = [threading.Thread(target=client.get, args=["/api/slow?sleep=1.5"]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert time.monotonic() - began < 2.9

    def test_a_function_for_administrators_takes_the_master_key_alone(self, host: Start) -> None:
        """AuthLevel admin: no key, and a function's own key, are not enough."""
        config = json.loads(http_function("slow", "admin"))
        config["bindings"][1]["name"] = "res"
        keys = {"master": "the-master", "host_keys": {"default": "a-key"}, "platform": "the-platform"}
        secrets = {"azure-functions-host/Secrets/platform.json": json.dumps(keys)}
        client = host({**slow_app(), f"{WWWROOT}/slow/function.json": json.dumps(config), **secrets}, {})
        given = [{}, {"x-functions-key": "a-key"}, {"x-functions-key": "the-master"}]

        assert [401, 401, 200] == [client.post("/api/slow", headers=headers).status_code for headers in given]

    def test_an_isolated_host_answers_the_platform_alone(self, host: Start) -> None:
        """Below `/admin`: the master key is known, and is not enough. Functions take it as before."""
        keys = {"master": "the-master", "platform": "the-platform"}
        files = {**slow_app(), "azure-functions-host/Secrets/platform.json": json.dumps(keys)}
        client = host(files, {"FUNCTIONS_ADMIN_ISOLATION_ENABLED": "1"})
        given = [{}, {"x-functions-key": "the-master"}, {"x-ms-site-restricted-token": "the-platform"}]

        assert [401, 403, 200] == [client.get("/admin/host/status", headers=one).status_code for one in given]
        assert 200 == client.get("/api/slow", headers=given[1]).status_code

    def test_listeners_calls_take_the_platforms_token_alone(self, host: Start) -> None:
        """The master key does not open the door that the sandbox's listeners use."""
        keys = {"master": "the-master", "platform": "the-platform"}
        client = host({**slow_app(), "azure-functions-host/Secrets/platform.json": json.dumps(keys)}, {})
        client.get("/api/slow")
        path, token = "/admin/sandbox/listeners", {"x-ms-site-restricted-token": "the-platform"}
        codes = [
            client.get(path, headers=headers).status_code for headers in ({"x-functions-key": "the-master"}, token)
        ]

        assert codes == [401, 200]
        assert client.post("/admin/sandbox/invoke/none", headers=token).status_code == 404
        assert client.get(path, headers=token).json()["functions"] == []

    def test_an_interpreter_in_the_image_is_not_passed_over(self, host: Start) -> None:
        """A `python` that the image puts first on PATH would run the functions; processes cannot do so."""
        with pytest.raises(StartFailed, match="an interpreter of its own, /opt/conda/bin/python"):
            host({"opt/conda/bin/python": ""}, {"PATH": "/opt/conda/bin:/usr/bin:/bin"})

    def test_an_interpreter_that_is_not_there_leaves_a_host_in_error(self, tmp_path: Path) -> None:
        """The host answers, and its status tells what could not be started."""
        console = Console(io.StringIO(), enabled=True)
        options = read_options({"AzureWebJobsScriptRoot": str(tmp_path)})
        setting = {"LanguageWorkers__Python__DefaultExecutablePath": "/opt/conda/bin/python"}
        script_host = ScriptHost(options, console, setting, tmp_path / "worker.py")
        script_host.start()

        assert "Error" == script_host.state
        assert "No such file or directory: '/opt/conda/bin/python'" in script_host.errors[0]

    @pytest.mark.parametrize("moment", [None, '{"platform": "the-pl'], ids=["removed", "half"])
    def test_a_handover_that_is_being_replaced_is_waited_for(self, tmp_path: Path, moment: str | None) -> None:
        """Docker removes a file before it writes it anew: a host that looked just then knew its platform no more."""
        file = tmp_path / "Secrets" / "platform.json"
        file.parent.mkdir()
        file.write_text(json.dumps({"platform": "the-platform", "storage_error": "403"}))
        options = read_options({"AzureWebJobsScriptRoot": str(tmp_path), "ASPNETCORE_CONTENTROOT": str(tmp_path)})
        script_host = ScriptHost(options, Console(io.StringIO(), enabled=True), {}, tmp_path / "worker.py")
        starting = threading.Thread(target=script_host.start)
        starting.start()
        assert script_host.settled.wait(10)
        file.unlink() if moment is None else file.write_text(moment)
        starting.join(1.0)
        waited = starting.is_alive()
        whole = tmp_path / "whole.json"
        whole.write_text(json.dumps({"platform": "the-platform"}))
        whole.replace(file)
        starting.join(30)

        assert waited
        assert script_host.keyring.is_platform({"x-ms-site-restricted-token": "the-platform"})

    @pytest.mark.parametrize("setting", ["AzureWebJobs.slow.Disabled", "AzureWebJobs_slow_Disabled"])
    def test_a_disabled_function_is_not_served(self, host: Start, setting: str) -> None:
        """The setting takes the route away; a variable of a Linux container may have underscores for its dots."""
        client = host(slow_app(), {setting: "true"})

        assert client.get("/api/slow").status_code == 404

    def test_a_bad_host_json_leaves_a_host_in_error(self, host: Start) -> None:
        """It answers nothing but what is below `/admin`, and there without a key only that it is there."""
        files = {**slow_app(), f"{WWWROOT}/host.json": "{"}
        client = host(files, {})

        paths = ("/", "/api/slow", "/admin/host/ping")
        assert [503, 503, 200] == [client.get(path).status_code for path in paths]
        assert "Function host is not running." == client.get("/").text


class TestMethods:
    """Functions on one route, told apart by their methods."""

    def test_each_has_its_own_level(self, host: Start) -> None:
        """A browser's question gets through where a request needs a key; a method that neither takes finds nothing."""
        files = slow_app()
        own, asked = (json.loads(files[f"{WWWROOT}/slow/function.json"]) for _ in range(2))
        own["bindings"][0] |= {"route": "slow", "methods": ["get"], "authLevel": "function"}
        asked["bindings"][0] |= {"route": "slow", "methods": ["options"], "authLevel": "anonymous"}
        asked["scriptFile"] = "../slow/__init__.py"
        named = {f"{WWWROOT}/slow/function.json": json.dumps(own), f"{WWWROOT}/asked/function.json": json.dumps(asked)}
        client = host({**files, **named}, {})

        assert [200, 401, 404] == [
            client.request(method, "/api/slow").status_code for method in ("OPTIONS", "GET", "PUT")
        ]


class TestPort:
    """Where the image's host listens, and where the platform looks."""

    def test_of_the_environment_is_not_read(self, tmp_path: Path) -> None:
        """PORT is for other images; `ASPNETCORE_URLS` is what .NET's server reads."""
        root = {"AzureWebJobsScriptRoot": str(tmp_path)}

        assert 80 == read_options({**root, "PORT": "8080"}).port
        assert 8080 == read_options({**root, "PORT": "9090", "ASPNETCORE_URLS": "http://+:8080"}).port

    def test_as_a_setting_changes_nothing(self, host: Start) -> None:
        """An app with PORT=8080 answers as before."""
        assert host(slow_app(), {"PORT": "8080"}).get("/api/slow").status_code == 200

    def test_that_nobody_listens_at(self, host: Start) -> None:
        """With WEBSITES_PORT=5001 the platform looks at a port where nobody is, unless the host is told, too."""
        with pytest.raises(AssertionError):
            host(slow_app(), {"PORT": "5001"}, port=5001, looks=40)

        assert host(slow_app(), {"ASPNETCORE_URLS": "http://+:5001"}, port=5001).get("/api/slow").status_code == 200


class TestBaseImages:
    def test_the_same_recipe_gives_the_same_image(self) -> None:
        """Made twice, the digest is one."""
        minor = "{}.{}".format(*sys.version_info[:2])

        assert prepare(minor, Flavour.PROCESS).digest == prepare(minor, Flavour.PROCESS).digest

    def test_processes_offer_the_pythons_of_this_machine_alone(self) -> None:
        """Another minor asks for Docker, in words."""
        with pytest.raises(BaseImageUnavailable, match="Use Docker"):
            prepare("3.99", Flavour.PROCESS)

    def test_docker_offers_what_debian_and_this_machine_have(self, tmp_path: Path) -> None:
        """A minor that neither has, and no image that can be pulled, is refused with the reason of each."""
        with pytest.raises(BaseImageUnavailable, match=r"Debian's own Python is 3\.11 or 3\.13, this machine has no"):
            prepare("3.99", Flavour.DOCKER, cache=tmp_path)


class TestGuard:
    def test_a_guarded_command_ends_with_its_starter(self) -> None:
        """When the starter lets go, the command and its children are gone."""
        from azure_sandbox.apps.guard import start_guarded, stop_guarded

        process: subprocess.Popen[bytes] = start_guarded(["/bin/sh", "-c", "sleep 300 & echo $!; wait"])
        assert process.stdout is not None
        child = int(process.stdout.readline())
        stop_guarded(process)
        process.stdout.close()

        with pytest.raises(ProcessLookupError):
            self._signal_until_gone(child)

    @staticmethod
    def _signal_until_gone(child: int) -> None:
        for _ in range(100):
            os.kill(child, signal.SIGCONT)
            stat = Path(f"/proc/{child}/stat")
            if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
                raise ProcessLookupError
            time.sleep(0.02)
