"""What the app imports beside the script: what Microsoft's server imports, but for telemetry that is off."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.function_app import FunctionApp, started_apps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Apps = Callable[[str], FunctionApp]

SCRIPT = "def init():\n    pass\n\ndef run(data):\n    return data\n"
NAMES = "import opentelemetry\n" + SCRIPT.replace("pass", "opentelemetry.trace.get_tracer('mine')")
SCRIPTS: dict[str, dict[str, Any]] = {
    "plain": {"files": {"src/score.py": SCRIPT}},
    "names": {"files": {"src/score.py": NAMES}},
    "on": {"files": {"src/score.py": SCRIPT}, "env": {"AML_APP_INSIGHTS_ENABLED": "true"}},
}
SERVERS = """\
import sys
import azure.functions, werkzeug.test
from azureml_inference_server_http.server.create_app import create
create()
sys.stderr.write("modules: " + " ".join(sys.modules))
"""
TELEMETRY = (
    "azure.core",
    "azure.identity",
    "azure.monitor",
    "cryptography",
    "msal",
    "msrest",
    "opentelemetry",
    "requests",
)
"""Some of what the server of this environment imports for it."""


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    """Function apps by the name of their script, each with its script started."""
    with started_apps(SCRIPTS, "worker", tmp_path_factory.mktemp) as start:

        def called(name: str) -> FunctionApp:
            app = start(name)
            assert 200 == app.call("check", "https://contoso.azurewebsites.net/api/check").status
            return app

        yield called


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The modules of Microsoft's server in a process of its own."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "score.py").write_text(SCRIPT)
    environ = {"PATH": os.environ["PATH"], "AML_APP_ROOT": str(folder), "AZUREML_ENTRY_SCRIPT": "score.py"}
    run = subprocess.run([sys.executable, "-c", SERVERS], env=environ, check=True, capture_output=True, text=True)
    return frozenset(run.stderr.rpartition("modules: ")[2].split())


def modules(app: FunctionApp) -> frozenset[str]:
    """All of an app's, by name; everything there is a module."""
    assert [] == app.python("[name for name, one in sys.modules.items() if type(one).__name__.startswith('_Unread')]")
    return frozenset(app.python("list(sys.modules)"))


def of_telemetry(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.startswith(TELEMETRY))


def test_telemetry_that_is_off_is_not_imported(apps: Apps, servers: frozenset[str]) -> None:
    """Hundreds of modules; nothing else is missing that is not imported by them alone."""
    own = modules(apps("plain"))

    assert len(of_telemetry(servers)) > 200
    assert not of_telemetry(own)
    assert "azureml_inference_server_http.server.appinsights_client" in own
    assert {"urllib.request", "xml.etree.ElementTree", "flask_cors", "inference_schema.schema_util"} <= own
    assert not [
        name for name in servers - own if name.startswith(("azureml", "flask", "werkzeug", "pydantic", "numpy"))
    ]


@pytest.mark.exhaustive
@pytest.mark.parametrize("script", ["names", "on"])
def test_the_server_imports_all_where_it_is_wanted(apps: Apps, servers: frozenset[str], script: str) -> None:
    """Turned on, or named by the script: the same modules as without us, and each of them the real one."""
    app = apps(script)

    assert not servers - modules(app) - {"__main__"}
    client = "sys.modules['azureml_inference_server_http.server.appinsights_client']"
    assert "module" == app.python(f"type({client}.trace).__name__")
    assert "builtin_function_or_method" == app.python("type(__builtins__['__import__']).__name__")


def test_what_is_imported_later_is_real(apps: Apps) -> None:
    """By a request, or by a library: nothing stands in its place, and imports are Python's own again."""
    app = apps("plain")

    assert "ProxyTracer" == app.python("type(__import__('opentelemetry.trace').trace.get_tracer('a')).__name__")
    assert "type" == app.python("type(__import__('azure.identity').identity.DefaultAzureCredential).__name__").replace(
        "ABCMeta", "type"
    )
    assert app.python("__import__.__module__ == 'builtins'")


def test_names_left_are_the_real_ones_when_they_are_used(apps: Apps) -> None:
    """Some release may use one of them while telemetry is off: it gets what it would have imported."""
    app = apps("plain")

    trace = "sys.modules['azureml_inference_server_http.server.appinsights_client'].trace"
    assert "SERVER" == app.python(f"{trace}.SpanKind.SERVER.name")
