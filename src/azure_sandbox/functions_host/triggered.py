"""`/admin/sandbox`: how the sandbox's listeners call functions, for callers with the platform's token.

    GET  /admin/sandbox/listeners             what to listen to, how many at once, the host's storage
    GET  /admin/sandbox/run                   how often the host was started again in its process
    PUT  /admin/sandbox/listeners/<function>  {"error": "..."}: it cannot start; an empty text: it could
    POST /admin/sandbox/down                  {"error": "..."}: a listener's failure takes the host down
    POST /admin/sandbox/invoke/<function>     a frame in, a frame out: see worker/frames.py
    POST /admin/sandbox/log                   {"level", "category", "text"}: an entry of the host's log

The real host has its listeners inside. Here they run beside the container: see base_images/README.md.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .connections import find_connection
from .host import InvocationFailed
from .worker import frames

if TYPE_CHECKING:
    from .host import ScriptHost
    from .index import Function

PATH = "/admin/sandbox/"


def answer_listeners(host: ScriptHost, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """Status and body for a path below `/admin/sandbox`."""
    what, _, name = path.strip("/")[len(PATH) - 1 :].partition("/")
    found = next((one for one in host.functions if one.name.lower() == name.lower()), None)
    match (method, what, found):
        case ("GET", "listeners", None) if not name:
            return 200, json.dumps(_listeners(host)).encode()
        case ("GET", "run", None) if not name:
            return 200, json.dumps(host.run).encode()
        case ("POST", "down", None) if not name:
            host.go_down(str(json.loads(body)["error"]))
        case ("PUT", "listeners", function) if function is not None:
            host.tell_listener(function, str(json.loads(body)["error"]))
            return 204, b""
        case ("POST", "invoke", function) if function is not None:
            return _invoke(host, function, body)
        case ("POST", "log", None) if not name:
            host.console.write(**json.loads(body))
            return 204, b""
    return 404, b""


def _listeners(host: ScriptHost) -> dict[str, Any]:
    ready = [one for one in host.functions if not one.disabled and not host.load_problems(one)]
    storage = find_connection("AzureWebJobsStorage", host.environ)
    return {
        "run": host.run,
        "functions": [one.triggered.to_json() for one in ready if one.triggered],
        "storage": storage.to_json() if storage else None,
        "blobs": asdict(host.options.blobs),
        "queues": asdict(host.options.queues),
    }


def _invoke(host: ScriptHost, function: Function, body: bytes) -> tuple[int, bytes]:
    if host.state != "Running":
        return 503, b""
    stream = io.BytesIO(body)
    head, content = frames.read(stream.read)
    try:
        answer, output = host.invoke(function, head, content)
    except InvocationFailed as failure:
        return 200, frames.pack({"error": str(failure)})
    return 200, frames.pack({"error": "", "outputs": answer["outputs"]}, output)
