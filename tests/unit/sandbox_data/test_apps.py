"""Function apps that really run, in both engines."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.contract import AppState
from azure_sandbox.storage_contract import AccountRules

from .cloud import BLOB_OWNER, KEYS, PULL, WWWROOT, Cloud, Running, http_function
from .conftest import REGISTRY_ID, SUBSCRIPTION, FakeDirectory, FakeRoles, account_id
from .images import tar_of
from .test_key_vaults import SECRETS_USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage import AzuriteStorage

    from .conftest import Court

ECHO = """
import json, logging, os, sys
import azure.functions as func

def main(req: func.HttpRequest) -> func.HttpResponse:
    logging.info("called with %s", req.method)
    print("printed by the function")
    if req.params.get("fail"):
        raise ValueError("the function's own error")
    answer = {
        "method": req.method, "url": req.url, "params": dict(req.params), "route": dict(req.route_params),
        "header": req.headers.get("X-Mine"), "body": req.get_body().hex(),
        "proto": req.headers.get("x-forwarded-proto"), "site": os.environ["WEBSITE_SITE_NAME"],
        "home": os.path.expanduser("~"), "path": sys.path, "cwd": os.getcwd(),
        "password": os.environ.get("DOCKER_REGISTRY_SERVER_PASSWORD"), "word": os.environ.get("WORD"),
    }
    return func.HttpResponse(json.dumps(answer), status_code=int(req.params.get("status", 200)),
                             mimetype="application/json", headers={"X-Answer": "yes"})
"""
ASYNC = """
import asyncio
import azure.functions as func
import helper

async def serve(req: func.HttpRequest, context) -> str:
    await asyncio.sleep(0.01)
    return helper.greeting + context.function_name
"""
IDENTITY = """
import json, os, urllib.error, urllib.request
import azure.functions as func

def main(req: func.HttpRequest) -> func.HttpResponse:
    endpoint = os.environ["IDENTITY_ENDPOINT"]
    asked = f"{endpoint}?api-version=2019-08-01&resource=https://storage.azure.com" + req.params.get("more", "")
    header = {"X-IDENTITY-HEADER": req.params.get("header") or os.environ["IDENTITY_HEADER"]}
    try:
        with urllib.request.urlopen(urllib.request.Request(asked, headers=header)) as answer:
            told = json.load(answer)
        headers = {"Authorization": f"Bearer {told['access_token']}", "x-ms-version": "2023-11-03"}
        with urllib.request.urlopen(urllib.request.Request(req.params["url"], headers=headers)) as answer:
            return func.HttpResponse(answer.read())
    except urllib.error.HTTPError as error:
        return func.HttpResponse(error.read(), status_code=error.code)
"""
FILES: dict[str, str | bytes] = {
    f"{WWWROOT}/host.json": json.dumps({"version": "2.0"}),
    f"{WWWROOT}/echo/function.json": http_function("echo/{name?}", "function"),
    f"{WWWROOT}/echo/__init__.py": ECHO,
    f"{WWWROOT}/open/function.json": json.dumps(
        {**json.loads(http_function("open", methods=["get"])), "scriptFile": "../shared/code.py", "entryPoint": "serve"}
    ),
    f"{WWWROOT}/shared/code.py": ASYNC,
    f"{WWWROOT}/helper.py": "greeting = 'hello from '",
    f"{WWWROOT}/identity/function.json": http_function("identity"),
    f"{WWWROOT}/identity/__init__.py": IDENTITY,
    f"{WWWROOT}/broken/function.json": http_function("broken"),
    f"{WWWROOT}/broken/__init__.py": "import no_such_module\n",
}


@pytest.fixture(
    scope="module",
    params=["process", pytest.param("docker", marks=[pytest.mark.needs("docker"), pytest.mark.exhaustive])],
)
def cloud(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    tls: TlsFiles,
    azurite: AzuriteStorage,
    court: Court,
) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("cloud")
    made = Cloud(folder, tls, FakeDirectory(), FakeRoles(), azurite, court=court, engine=request.param)
    made.give(REGISTRY_ID, PULL)
    yield made
    made.close()


def many_layers() -> list[bytes]:
    """The app in more layers than files, with links across layers, modes that are in the way, and folders replaced."""
    odd = {
        "opt/shared/": "",
        "opt/shared/real.py": FILES[f"{WWWROOT}/helper.py"],
        "opt/shared/linked.py": "=> opt/shared/real.py",
        f"{WWWROOT}/old": "removed above",
    }
    links = {
        f"{WWWROOT}/helper.py": "-> ../../../opt/shared/linked.py",
        f"{WWWROOT}/.wh.old": "",
    }
    rest = {path: text for path, text in FILES.items() if path != f"{WWWROOT}/helper.py"}
    single = [tar_of({path: text}) for path, text in rest.items()]
    unwritable = tar_of(odd, {"opt/shared/": 0o555, "opt/shared/real.py": 0o400})
    return [unwritable, *single, tar_of(links)]


@pytest.fixture(scope="module")
def running(cloud: Cloud) -> Iterator[Running]:
    cloud.give(account_id("running"), BLOB_OWNER)
    vault = f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/contoso"
    cloud.platform.key_vaults.put(vault, {"word": "open sesame"})
    cloud.give(vault, SECRETS_USER)
    word = "@Microsoft.KeyVault(VaultName=contoso;SecretName=word)"
    settings = {**cloud.host_storage("running"), "DOCKER_REGISTRY_SERVER_PASSWORD": "secret-word", "WORD": word}
    image = cloud.push({}, layers=many_layers(), forms=("gzip", "stored", "raw"))
    plain = cloud.site("running", image, **settings)
    site = dataclasses.replace(plain, key_vault_identity=cloud.identity.client_id)
    cloud.platform.apply(site)
    cloud.wait_functions(site)
    yield cloud, site
    cloud.platform.remove(site.resource_id)


class TestRunningApp:
    def test_a_function_gets_the_whole_request(self, running: Running) -> None:
        """Method, query, route, headers and raw body arrive; status, headers and body come back."""
        cloud, site = running
        key = cloud.keys(site).functions["default"]
        body = bytes(range(256))
        answer = cloud.http.post(
            cloud.url(site, "/api/echo/a%20b?x=1&status=202"),
            headers={"x-functions-key": key, "X-Mine": "mine"},
            content=body,
        )
        said = answer.json()

        assert (answer.status_code, answer.headers["x-answer"]) == (202, "yes")
        assert ("POST", body.hex(), "mine", "https") == tuple(said[k] for k in ("method", "body", "header", "proto"))
        assert {"x": "1", "status": "202"} == said["params"]
        assert {"name": "a b"} == said["route"]
        assert said["url"] == cloud.url(site, "/api/echo/a%20b?x=1&status=202")
        assert said["site"] == "running"

    def test_a_reference_to_a_key_vault_is_seen_as_the_secret(self, running: Running) -> None:
        """The identity that the site names holds the role: the code sees no reference."""
        cloud, site = running
        key = cloud.keys(site).functions["default"]

        said = cloud.http.get(cloud.url(site, "/api/echo"), headers={"x-functions-key": key}).json()

        assert "open sesame" == said["word"]

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ({"more": "&client_id=client-app-identity"}, (200, "what the identity may read")),
            ({"more": "&client_id=CLIENT-APP-IDENTITY"}, (200, "what the identity may read")),
            ({}, (400, "Unable to load the proper Managed Identity.")),
            ({"more": "&client_id=another"}, (400, "No User Assigned or Delegated Managed Identity found")),
            ({"header": "another"}, (401, "Unauthorized")),
        ],
        ids=["named", "named otherwise", "not named", "another's", "without the header"],
    )
    def test_the_code_reads_a_blob_by_its_identity(
        self, running: Running, more: dict[str, str], expected: tuple[int, str]
    ) -> None:
        """With a token from the site's own endpoint, which has none of a user-assigned identity that is not named."""
        cloud, site = running
        cloud.azurite.upload("running", "words", "hello.txt", b"what the identity may read")
        url = f"{cloud.azurite.blob_endpoint('running')}words/hello.txt"

        answer = cloud.http.get(cloud.url(site, "/api/identity"), params={"url": url, **more})

        status, words = expected
        assert (status, True) == (answer.status_code, words in answer.text), answer.text

    def test_the_app_sees_neither_registry_credentials_nor_the_sandbox(self, running: Running) -> None:
        """The registry's password stays outside, and the module path holds the app, its packages and the worker."""
        cloud, site = running
        said = cloud.http.get(cloud.url(site, f"/api/echo?code={cloud.function_key(site, 'echo')}")).json()

        assert said["password"] is None
        assert said["home"].endswith("/home")
        assert said["cwd"] == f"{said['home']}/site/wwwroot"
        packages = f"{said['cwd']}/.python_packages/lib/site-packages"
        # Workers for Python 3.13 and later always isolate: the packages come first, the app's root comes last.
        isolated = cloud.engine == "process" and sys.version_info >= (3, 13)
        assert [entry for entry in said["path"] if entry in {said["cwd"], packages}][:2] == (
            [packages, said["cwd"]] if isolated else [said["cwd"], packages]
        )
        assert said["path"][0] in {said["cwd"], packages}
        assert not any("starlette" in entry or ".venv" in entry for entry in said["path"])

    def test_keys_and_levels_hold(self, running: Running) -> None:
        """401 without a key or with a wrong one; the host's, the function's own and the master key open it."""
        cloud, site = running
        keys, own = cloud.keys(site), cloud.function_key(site, "echo")
        url = cloud.url(site, "/api/echo")
        given = ["", "wrong", keys.functions["default"], own, keys.master]

        codes = [cloud.http.get(url, headers={"x-functions-key": key} if key else {}).status_code for key in given]
        assert codes == [401, 401, 200, 200, 200]

    def test_an_async_function_in_another_script_answers_to_its_method_alone(self, running: Running) -> None:
        """ScriptFile and entryPoint are followed, modules in the app's root import, POST is not its method."""
        cloud, site = running

        assert cloud.http.get(cloud.url(site, "/api/open")).text == "hello from open"
        assert cloud.http.post(cloud.url(site, "/api/open")).status_code == 404

    def test_a_function_that_cannot_be_loaded_harms_no_other(self, running: Running) -> None:
        """Its status tells the import error; calling it is a 500; the log has the reason."""
        cloud, site = running
        master = {"x-functions-key": cloud.keys(site).master}
        status = cloud.http.get(cloud.url(site, "/admin/functions/broken/status"), headers=master).json()

        assert "No module named 'no_such_module'" in status["errors"][0]
        assert cloud.http.get(cloud.url(site, "/api/broken")).status_code == 500
        assert "The 'broken' function is in error" in cloud.platform.log(site.resource_id)
        assert [{}, 200] == [
            cloud.http.get(cloud.url(site, "/admin/functions/open/status"), headers=master).json(),
            cloud.http.get(cloud.url(site, "/api/open")).status_code,
        ]

    def test_the_admin_api_takes_the_master_key(self, running: Running) -> None:
        """Status tells the state, ping needs no key, a function key is not enough, and callers cannot play platform."""
        cloud, site = running
        keys = cloud.keys(site)
        status = cloud.url(site, "/admin/host/status")
        found = cloud.http.get(status, headers={"x-functions-key": keys.master}).json()

        assert (found["state"], found["version"][:2]) == ("Running", "4.")
        assert found["processUptime"] > 0
        assert cloud.http.get(status, headers={"x-functions-key": keys.functions["default"]}).status_code == 401
        assert cloud.http.post(cloud.url(site, "/admin/host/ping")).status_code == 200
        assert cloud.http.get(cloud.url(site)).status_code == 200

    def test_what_a_function_raises_prints_and_logs_is_in_the_log(self, running: Running) -> None:
        """A raised error is a 500 without text for the caller, and a traceback in the log."""
        cloud, site = running
        key = cloud.keys(site).functions["default"]
        answer = cloud.http.get(cloud.url(site, f"/api/echo?fail=1&code={key}"))
        cloud.wait_log("the function's own error", site)
        log = cloud.platform.log(site.resource_id)

        assert (answer.status_code, answer.text) == (500, "")
        assert "printed by the function" in log
        assert "called with GET" in log
        assert "Pulling image: localhost:" in log

    def test_keys_lie_in_the_hosts_storage(self, running: Running) -> None:
        """The host's keys are in the blob `azure-webjobs-secrets/<app>/host.json`; each function has its own."""
        cloud, _ = running
        with cloud.azurite.client("running") as client:
            blob = client.get_blob_client("azure-webjobs-secrets", "running/host.json").download_blob().readall()
            own = client.get_blob_client("azure-webjobs-secrets", "running/echo.json").download_blob().readall()

        assert json.loads(blob)["masterKey"]["encrypted"]
        assert "default" == json.loads(own)["keys"][0]["name"]

    def test_functions_are_told_with_their_config(self, running: Running) -> None:
        """The platform lists what the host indexed, with function.json."""
        cloud, site = running
        found: dict[object, Any] = {one["name"]: one["config"] for one in cloud.wait_functions(site)}

        assert {"broken", "echo", "identity", "open"} == set(found)
        assert found["open"]["entryPoint"] == "serve"


CONDA = "/opt/conda/bin/python"
CONDA_FILES: dict[str, str | bytes] = {
    # What conda makes, as far as an interpreter goes: one of its own, with packages of its own.
    "opt/conda/bin/python": "-> /usr/bin/python3",
    "opt/conda/pyvenv.cfg": "home = /usr/bin\n",
    "opt/conda/lib/python3.11/site-packages/only_there.py": "answer = ' 42'",
    f"{WWWROOT}/host.json": json.dumps({"version": "2.0"}),
    f"{WWWROOT}/which/function.json": http_function("which"),
    f"{WWWROOT}/which/__init__.py": "import only_there, sys\nmain = lambda req: sys.executable + only_there.answer",
}


class TestInterpreter:
    def test_the_image_may_bring_its_own(self, cloud: Cloud) -> None:
        """Docker runs the worker with it, and with its packages. Processes cannot, and the log says so."""
        image = cloud.push(CONDA_FILES, {"Env": [f"languageWorkers__python__defaultExecutablePath={CONDA}"]})
        site = cloud.site("conda", image)
        cloud.platform.apply(site)
        if cloud.engine == "docker":
            cloud.wait_functions(site)
            shown, wanted = cloud.http.get(cloud.url(site, "/api/which")).text, f"{CONDA} 42"
        else:
            cloud.wait_state(site, AppState.FAILED)
            shown, wanted = cloud.platform.log(site.resource_id), f"an interpreter of its own, {CONDA}, and without"
        cloud.platform.remove(site.resource_id)

        assert wanted in shown


class TestLife:
    def test_an_app_without_the_pull_role_starts_when_it_gets_it(self, cloud: Cloud) -> None:
        """Without AcrPull the app fails and says so; it is tried again, and comes up once the role is there."""
        site = cloud.site("late", cloud.push(FILES))
        other = cloud.directory.add("late-identity")
        site = dataclasses.replace(site, identities={other.client_id: other}, acr_identity_client_id=other.client_id)
        cloud.platform.apply(site)
        cloud.wait_state(site, AppState.FAILED)
        log = cloud.platform.log(site.resource_id)
        page = cloud.http.get(cloud.url(site))
        cloud.give(REGISTRY_ID, PULL, other)
        cloud.wait_functions(site)
        alive = cloud.http.get(cloud.url(site, "/api/open")).status_code
        cloud.platform.remove(site.resource_id)

        assert "Image pull failed" in log
        assert "AcrPull" in log
        assert (page.status_code, "Application Error" in page.text) == (503, True)
        assert alive == 200

    def test_a_host_without_its_storage_role_is_in_error_until_it_gets_it(self, cloud: Cloud) -> None:
        """The log has storage's 403, no keys are told, and the host mends itself when the role is there."""
        site = cloud.site("poor", cloud.push(FILES), **cloud.host_storage("poor"))
        cloud.platform.apply(site)
        cloud.wait_state(site, AppState.RUNNING)
        cloud.wait_log("AuthorizationPermissionMismatch", site)
        keys, answer = cloud.platform.keys(site.resource_id), cloud.http.get(cloud.url(site, "/api/open"))
        cloud.give(account_id("poor"), BLOB_OWNER)
        cloud.wait_functions(site)
        mended = cloud.http.get(cloud.url(site, "/api/open")).status_code
        cloud.platform.remove(site.resource_id)

        assert (keys, answer.status_code, mended) == (None, 503, 200)

    def test_without_container_logging_the_log_has_the_platforms_lines_alone(self, cloud: Cloud) -> None:
        """And the sentence that says so; a swap or a new image changes nothing of that."""
        site = dataclasses.replace(cloud.site("mute", cloud.push(FILES)), container_log=False)
        cloud.platform.apply(site)
        cloud.wait_functions(site)
        log = cloud.platform.log(site.resource_id)
        cloud.platform.remove(site.resource_id)

        assert "Successfully pulled image" in log
        assert "INFO  - Logging is not enabled for this container.\nPlease use https://aka.ms/linux-diagnostics" in log
        assert "Host started" not in log

    def test_a_closed_app_answers_the_platform_alone(self, cloud: Cloud) -> None:
        """Whoever comes from outside its network is told so by the front end, whatever the path."""
        site = dataclasses.replace(cloud.site("closed", cloud.push(FILES)), public=False)
        cloud.platform.apply(site)
        cloud.wait_functions(site)
        refused = [cloud.http.get(cloud.url(site, path)) for path in ("/", "/api/open")]
        status, body = cloud.platform.ask_host(site.resource_id, "GET", "/admin/host/status") or (0, b"{}")
        cloud.platform.remove(site.resource_id)

        assert [(403, "127.0.0.1")] * 2 == [(one.status_code, one.headers["x-ms-forbidden-ip"]) for one in refused]
        assert "has blocked your access" in refused[0].text
        assert (200, "Running") == (status, json.loads(body)["state"])

    def test_registry_credentials_and_a_connection_string_do_as_well(self, cloud: Cloud) -> None:
        """The classic settings, once they are right: the admin user pulls, a key opens the host's storage."""
        ends = cloud.azurite.create("classic", KEYS)
        text = f"DefaultEndpointsProtocol=https;AccountName=classic;AccountKey={KEYS[1]};BlobEndpoint={ends.blob}"
        login = {
            "DOCKER_REGISTRY_SERVER_URL": f"https://{cloud.registry.authority}",
            "DOCKER_REGISTRY_SERVER_USERNAME": "contoso",
        }
        site = cloud.site("classic", cloud.push(FILES), AzureWebJobsStorage=text, **login)
        site = dataclasses.replace(site, identities={}, acr_identity_client_id=None)
        wrong, right = (
            dataclasses.replace(site, app_settings={**site.app_settings, "DOCKER_REGISTRY_SERVER_PASSWORD": password})
            for password in ("wrong-word", "secret-word")
        )
        elsewhere = {**right.app_settings, "DOCKER_REGISTRY_SERVER_URL": "https://other.azurecr.io"}
        for refused in (wrong, dataclasses.replace(right, app_settings=elsewhere)):
            seen = len(cloud.platform.log(site.resource_id)) if refused is not wrong else 0
            cloud.platform.apply(refused)
            cloud.wait_log("unauthorized", site, seen)
        cloud.law.changed["classic"] = AccountRules(account_id("classic"), takes_keys=False)
        cloud.platform.apply(right)
        cloud.wait_log("KeyBasedAuthenticationNotPermitted", site)
        cloud.law.changed.clear()
        cloud.wait_functions(site)
        keys = cloud.keys(site)
        cloud.platform.remove(site.resource_id)

        assert keys is not None

    def test_shared_storage_hides_what_the_image_has_in_home(self, cloud: Cloud) -> None:
        """Without WEBSITES_ENABLE_APP_SERVICE_STORAGE=false the app has no functions."""
        site = cloud.site("hidden", cloud.push(FILES))
        settings = {k: v for k, v in site.app_settings.items() if k != "WEBSITES_ENABLE_APP_SERVICE_STORAGE"}
        site = dataclasses.replace(site, app_settings=settings)
        cloud.platform.apply(site)
        found = cloud.wait_functions(site)
        log = cloud.platform.log(site.resource_id)
        cloud.platform.remove(site.resource_id)

        assert found == []
        assert "0 functions found" in log

    def test_a_change_restarts_and_no_change_does_not(self, cloud: Cloud) -> None:
        """The same definition keeps the process; another setting starts a new one, a stopped site answers 403."""
        site = cloud.site("changing", cloud.push(FILES))
        cloud.platform.apply(site)
        cloud.wait_functions(site)
        before = cloud.platform.log(site.resource_id).count("Pulling image")
        cloud.platform.apply(dataclasses.replace(site))
        same = cloud.platform.log(site.resource_id).count("Pulling image")
        cloud.platform.apply(dataclasses.replace(site, app_settings={**site.app_settings, "NEW": "1"}))
        cloud.wait_functions(site)
        after = cloud.platform.log(site.resource_id).count("Pulling image")
        cloud.platform.apply(dataclasses.replace(site, state="Stopped"))
        stopped = cloud.http.get(cloud.url(site)).status_code

        assert (before, same, after) == (1, 1, 2)
        assert stopped == 403
        assert cloud.platform.state(site.resource_id) is AppState.STOPPED

    @pytest.mark.exhaustive
    def test_a_swap_changes_over_only_to_what_comes_to_life(self, cloud: Cloud) -> None:
        """An image that cannot be pulled changes nothing: what ran goes on running."""
        app, slot = (cloud.site(name, cloud.push(FILES)) for name in ("swapping", "swapping-staging"))
        for site in (app, slot):
            cloud.platform.apply(site)
            cloud.wait_functions(site)
        missing = dataclasses.replace(app, linux_fx_version=f"{app.linux_fx_version[:-4]}0000")

        swapped = cloud.platform.swap(missing, slot)
        answer = cloud.http.get(cloud.url(app, "/api/open"))
        cloud.platform.remove(app.resource_id)
        cloud.platform.remove(slot.resource_id)

        assert not swapped
        assert (answer.status_code, answer.text) == (200, "hello from open")

    @pytest.mark.exhaustive
    def test_a_swapped_app_goes_on_with_its_log(self, cloud: Cloud) -> None:
        """What ran before ends later, and takes the log of what runs now not with it."""
        app, slot = (cloud.site(name, cloud.push(FILES)) for name in ("logging", "logging-staging"))
        for site in (app, slot):
            cloud.platform.apply(site)
            cloud.wait_functions(site)
        swapped = cloud.platform.swap(app, slot)
        cloud.wait_functions(app)
        time.sleep(1)

        cloud.http.get(cloud.url(app, "/api/open"))
        cloud.wait_log("Executed 'Functions.open'", app, seconds=5)
        cloud.platform.remove(app.resource_id)
        cloud.platform.remove(slot.resource_id)

        assert swapped

    def test_a_container_that_ends_is_told_and_started_again(self, cloud: Cloud) -> None:
        """The exit code and the container's own words are in the log."""
        files: dict[str, str | bytes] = {"opt/fail.sh": "#!/bin/sh\necho about to end\nexit 7\n"}
        site = cloud.site("ending", cloud.push(files, {"Cmd": ["/opt/fail.sh"]}))
        cloud.platform.apply(site)
        cloud.wait(lambda: cloud.platform.log(site.resource_id).count("has exited with code 7") >= 2, site)
        log, state = cloud.platform.log(site.resource_id), cloud.platform.state(site.resource_id)
        cloud.platform.remove(site.resource_id)

        assert "about to end" in log
        assert state in {AppState.FAILED, AppState.STARTING}

    def test_an_image_for_another_python_asks_for_docker(self, cloud: Cloud) -> None:
        """Processes run on Pythons of this machine; the log says which is missing. Docker runs what the image has."""
        if cloud.engine == "docker":
            site = cloud.site("other", cloud.push(FILES, minor="3.13"))
            cloud.platform.apply(site)
            cloud.wait_functions(site)
            shown = cloud.http.get(cloud.url(site, "/api/open")).text
            wanted = "hello from open"
        else:
            image = cloud.push(FILES, {"Env": ["FUNCTIONS_WORKER_RUNTIME_VERSION=3.99"]})
            site = cloud.site("other", image)
            cloud.platform.apply(site)
            cloud.wait_state(site, AppState.FAILED)
            shown, wanted = cloud.platform.log(site.resource_id), "the image is for Python 3.99"
        cloud.platform.remove(site.resource_id)

        assert wanted in shown
