"""What is in the base image: programs, libraries, paths, variables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hosts import Hosts

# Azure/azure-functions-docker, host/4/bookworm/python/python312/python312.Dockerfile and that of python311 in bullseye.
LIBRARIES = {
    "libglib2.0-0": "libglib-2.0.so.0",
    "libglib2.0-0, threads": "libgthread-2.0.so.0",
    "libsm6": "libSM.so.6",
    "libxext6": "libXext.so.6",
    "libxrender": "libXrender.so.1",
    "libgl1, which xvfb brings": "libGL.so.1",
    "libgomp1": "libgomp.so.1",
    "unixodbc": "libodbc.so.2",
}
PROGRAMS = {"xvfb": "Xvfb", "binutils": "ld"}
"""What each is there for: OpenCV, LightGBM, pyodbc, and what links at run time."""
FILES = (
    "/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost",
    "/azure-functions-host/workers/python/worker.config.json",
    "/azure-functions-host/workers/python/{minor}/LINUX/X64/worker.py",
    "/opt/startup/start_nonappservice.sh",
)
VARIABLES = {
    "AzureWebJobsScriptRoot": "/home/site/wwwroot",
    "HOME": "/home",
    "FUNCTIONS_WORKER_RUNTIME": "python",
    "ASPNETCORE_URLS": "http://+:80",
    "DOTNET_RUNNING_IN_CONTAINER": "true",
    "LANG": "C.UTF-8",
}
_LOOK = """\
import ctypes, json, os, shutil, sys

def loads(name):
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True

asked = json.loads(sys.argv[1])
minor = ".".join(map(str, sys.version_info[:2]))
print(json.dumps({
    "libraries": {name: loads(name) for name in asked["libraries"]},
    "programs": {name: bool(shutil.which(name)) for name in asked["programs"]},
    "files": {name: os.path.exists(name.format(minor=minor)) for name in asked["files"]},
    "python": minor,
    "user": os.getuid(),
}))
"""


@pytest.fixture(scope="module")
def inside(hosts: Hosts) -> dict[str, Any]:
    """What Python sees inside a container of the image."""
    asked = {"libraries": list(LIBRARIES.values()), "programs": list(PROGRAMS.values()), "files": list(FILES)}
    words = ["-c", _LOOK, json.dumps(asked)]
    told = hosts.engine.containers.run(hosts.image, words, entrypoint="python", remove=True)
    return dict(json.loads(told))


@pytest.fixture(scope="module")
def config(hosts: Hosts) -> dict[str, Any]:
    """The image's configuration."""
    return dict(hosts.engine.images.get(hosts.image).attrs["Config"])


class TestContent:
    """What the image has."""

    def test_libraries(self, inside: dict[str, Any], observe: Callable[..., None]) -> None:
        """Those that OpenCV, LightGBM and pyodbc load."""
        for package, library in LIBRARIES.items():
            observe(f"{library} ({package}) can be loaded", believed=True, seen=inside["libraries"][library])

    def test_programs(self, inside: dict[str, Any], observe: Callable[..., None]) -> None:
        """A linker and a screen that nobody sees."""
        for package, program in PROGRAMS.items():
            observe(f"{program} ({package}) is there", believed=True, seen=inside["programs"][program])

    def test_files(self, inside: dict[str, Any], observe: Callable[..., None]) -> None:
        """Host, worker and start script lie where the product expects them."""
        for path in FILES:
            observe(f"{path} is there", believed=True, seen=inside["files"][path])

    def test_python(self, inside: dict[str, Any], config: dict[str, Any], observe: Callable[..., None]) -> None:
        """One Python, that of the variable; the user is root."""
        variables = dict(entry.partition("=")[::2] for entry in config["Env"])

        observe("the user's id", believed=0, seen=inside["user"])
        observe(
            "FUNCTIONS_WORKER_RUNTIME_VERSION",
            believed=inside["python"],
            seen=variables.get("FUNCTIONS_WORKER_RUNTIME_VERSION"),
        )


class TestConfiguration:
    """What the image says of itself."""

    def test_variables(self, config: dict[str, Any], observe: Callable[..., None]) -> None:
        """Where the app lies, what runs it, and where it listens."""
        variables = dict(entry.partition("=")[::2] for entry in config["Env"])

        for name, value in VARIABLES.items():
            observe(name, believed=value, seen=variables.get(name))

    def test_start(self, config: dict[str, Any], observe: Callable[..., None]) -> None:
        """A script, without an entry point that an app's own command would go through."""
        observe("the start command", believed=["/opt/startup/start_nonappservice.sh"], seen=config["Cmd"])
        observe("the entry point", believed=None, seen=config["Entrypoint"] or None)
