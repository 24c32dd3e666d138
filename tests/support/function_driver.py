"""Stands in for the Functions host: loads functions by their function.json and calls them, on commands from stdin.

Run as `python function_driver.py WWWROOT CHANNEL_LOG MODE`; it imports nothing of the product. Commands and answers
are lines of JSON. Standard output of the functions goes to standard error, which is the container log.
"""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import functools
import importlib
import inspect
import json
import logging
import os
import sys
import types
import typing
from pathlib import Path
from typing import Any

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

WWWROOT = Path(sys.argv[1])
THREADS = 24


class ChannelHandler(logging.Handler):
    """The worker's handler on the root logger. Like some, it prints: a careless server would call it for ever."""

    def emit(self, record: logging.LogRecord) -> None:
        with Path(sys.argv[2]).open("a") as stream:
            stream.write(f"{record.levelname} {record.name} {record.getMessage()}\n")
            if record.exc_info:
                stream.write(logging.Formatter().formatException(record.exc_info) + "\n")
        if record.name.startswith("azmlinfsrv.print"):
            print("host:", record.getMessage())


def definitions() -> dict[str, dict[str, Any]]:
    return {file.parent.name: json.loads(file.read_text()) for file in sorted(WWWROOT.glob("*/function.json"))}


def script_of(name: str, definition: dict[str, Any]) -> Path:
    return Path(os.path.normpath(WWWROOT / name / definition["scriptFile"]))


def bindings_of(definition: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A function's trigger, and the binding of its result."""
    found = definition["bindings"]
    [trigger] = [one for one in found if one["direction"] == "in"]
    return trigger, next((one for one in found if one["name"] == "$return"), None)


class DirectWorker:
    """Loads and calls as the worker for Python <= 3.12 does: below the package `__app__`, `def` in threads."""

    def __init__(self) -> None:
        package = types.ModuleType("__app__")
        package.__path__ = [str(WWWROOT)]
        sys.modules["__app__"] = package
        self.functions, self.definitions = {}, definitions()
        for name, definition in self.definitions.items():
            within = script_of(name, definition).relative_to(WWWROOT).with_suffix("").parts
            module = importlib.import_module(".".join(("__app__", *within)))
            self.functions[name] = getattr(module, definition.get("entryPoint", "main"))
            self.check(self.functions[name], definition)
        self.pool = concurrent.futures.ThreadPoolExecutor(THREADS)

    def check(self, function: Any, definition: dict[str, Any]) -> None:
        """The worker refuses functions whose annotations do not fit their bindings."""
        trigger, result = bindings_of(definition)
        hints = typing.get_type_hints(function)
        assert [trigger["name"]] == list(inspect.signature(function).parameters)
        if trigger["name"] in hints:
            assert converter(trigger["type"]).check_input_type_annotation(hints[trigger["name"]])
        assert result is None or converter(result["type"]).check_output_type_annotation(hints["return"])

    async def warm_up(self) -> dict[str, Any]:
        """What the trigger gives is the library's own noun, whatever the host has sent."""
        from azure.functions.meta import Datum

        [given] = self.definitions["warmup"]["bindings"]
        context = converter(given["type"]).decode(Datum("{}", "json"), trigger_metadata=None)
        call = functools.partial(self.functions["warmup"], **{given["name"]: context})
        returned = await asyncio.get_running_loop().run_in_executor(self.pool, call)
        return {"type": type(context).__name__, "returned": returned}

    async def trigger(self, event: dict[str, Any]) -> dict[str, Any]:
        """One blob or message; as in the worker, a result without a binding is an error."""
        from azure.functions.meta import Datum

        function, (trigger, result) = (
            self.functions[event["function"]],
            bindings_of(self.definitions[event["function"]]),
        )
        metadata = {name: Datum(value, kind) for name, (kind, value) in event["metadata"].items()}
        content = Datum(Path(event["content"]).read_bytes(), "bytes")
        given = converter(trigger["type"]).decode(content, trigger_metadata=metadata)
        call = functools.partial(function, **{trigger["name"]: given})
        try:
            value = await asyncio.get_running_loop().run_in_executor(self.pool, call)
        except Exception as failure:  # noqa: BLE001 - the worker tells the host of every one
            return {"failure": f"{type(failure).__name__}: {failure}"}
        if result is None:
            assert value is None, "a function without a $return binding returned a non-None value"
            return {}
        datum = converter(result["type"]).encode(value, expected_type=bytes)
        Path(event["result"]).write_bytes(datum.value)
        return {"type": datum.type}

    async def call(self, request: dict[str, Any]) -> dict[str, Any]:
        import azure.functions as func
        from azure.functions.http import HttpResponseConverter

        req = func.HttpRequest(
            method=request["method"],
            url=request["url"],
            headers=request["headers"],
            body=base64.b64decode(request["body"]),
        )
        function = self.functions[request["function"]]
        if inspect.iscoroutinefunction(function):
            response = await function(req=req)
        else:
            response = await asyncio.get_running_loop().run_in_executor(self.pool, lambda: function(req=req))
        value = HttpResponseConverter.encode(response, expected_type=None).value
        return answer(
            int(value["status_code"].value),
            {name: datum.value for name, datum in value["headers"].items()},
            value["body"].value,
            [cookie.output(header="").strip() for jar in value["cookies"] or [] for cookie in jar.values()],
        )


def converter(binding: str) -> Any:
    """The library's class that reads and writes what a binding carries."""
    import azure.functions as func

    return func.get_binding_registry().get(binding)


def answer(status: int, headers: dict[str, str], body: bytes, cookies: list[str]) -> dict[str, Any]:
    return {
        "status": status,
        "headers": {name.lower(): value for name, value in headers.items()},
        "body": base64.b64encode(body).decode(),
        "cookies": cookies,
    }


class Message(types.SimpleNamespace):
    """A protocol message: whatever fields it is made with."""

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        return next(iter(vars(self)), None)


class Status(Message):
    Failure, Success = 0, 1


class Binding(Message):
    in_, out, inout = 0, 1, 2
    undefined = 0


class SameSite:
    Lax, Strict, ExplicitNone = 1, 2, 3


setattr(SameSite, "None", 0)


class Cookie(Message):
    SameSite = SameSite


class Protos(types.ModuleType):
    """Every message type that the runtime asks for; it looks inside none but those that carry data."""

    StatusResult, BindingInfo, RpcHttpCookie = Status, Binding, Cookie

    @staticmethod
    def TypedData(**data: Any) -> Any:  # noqa: N802 - the protocol's name
        """Real ones but for HTTP, whose messages have many more parts."""
        return Message(**data) if "http" in data else function_protocol().TypedData(**data)

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return Message


class MicrosoftRuntime:
    """Microsoft's `azure-functions-runtime-v1`, spoken to as the worker around it does."""

    def __init__(self) -> None:
        from azure_functions_runtime_v1 import handle_event
        from azure_functions_runtime_v1.utils import threadpool

        self.runtime, self.protos = handle_event, Protos("protos")
        os.environ["PYTHON_THREADPOOL_THREAD_COUNT"] = str(THREADS)
        threadpool.start_threadpool_executor()

    async def start(self) -> None:
        init = Message(worker_init_request=Message(capabilities={}, function_app_directory=str(WWWROOT)))
        self.succeed(await self.runtime.worker_init_request(self.envelope(init)))
        metadata = Message(functions_metadata_request=Message(function_app_directory=str(WWWROOT)))
        indexed = await self.runtime.functions_metadata_request(self.envelope(metadata))
        self.succeed(indexed)
        if not indexed.use_default_metadata_indexing:
            message = "the runtime did not leave the indexing to function.json"
            raise SystemExit(message)
        for name, definition in definitions().items():
            await self.load(name, definition)

    async def load(self, name: str, definition: dict[str, Any]) -> None:
        bindings = {
            one["name"]: Message(
                type=one["type"], direction=Binding.out if one["direction"] == "out" else Binding.in_, data_type=0
            )
            for one in definition["bindings"]
        }
        metadata = Message(
            name=name,
            directory=str(WWWROOT / name),
            script_file=str(script_of(name, definition)),
            entry_point=definition.get("entryPoint", ""),
            bindings=bindings,
        )
        request = Message(function_load_request=Message(function_id=name, metadata=metadata))
        self.succeed(await self.runtime.function_load_request(self.envelope(request)))

    async def call(self, request: dict[str, Any]) -> dict[str, Any]:
        http = Message(
            method=request["method"],
            url=request["url"],
            headers=request["headers"],
            body=Message(bytes=base64.b64decode(request["body"])),
            params={},
            query={},
        )
        response = await self.invoke(request["function"], Parameter(name="req", data=Message(http=http)), {})
        self.succeed(response)
        value = response.return_value.http
        cookies = [f"{cookie.name}={cookie.value}" for cookie in value.cookies or []]
        return answer(int(value.status_code), value.headers, value.body.bytes, cookies)

    async def warm_up(self) -> dict[str, Any]:
        protocol = function_protocol()
        data = protocol.received(protocol.ParameterBinding(name="warmup", data=protocol.TypedData(json="{}")))
        response = await self.invoke("warmup", data, {})
        self.succeed(response)
        return {"type": "WarmUpContext", "returned": response.return_value}

    async def trigger(self, event: dict[str, Any]) -> dict[str, Any]:
        """One blob or message, in real protobuf messages as after their way over the wire."""
        protocol = function_protocol()
        trigger, _ = bindings_of(definitions()[event["function"]])
        data = protocol.TypedData(bytes=Path(event["content"]).read_bytes())
        metadata = {
            name: protocol.received(protocol.TypedData(**{kind: value}))
            for name, (kind, value) in event["metadata"].items()
        }
        given = protocol.received(protocol.ParameterBinding(name=trigger["name"], data=data))
        response = await self.invoke(event["function"], given, metadata)
        if response.result.status != Status.Success:
            return {"failure": response.result.exception.message}
        if response.return_value is None:
            return {}
        value = protocol.received(response.return_value)
        Path(event["result"]).write_bytes(value.bytes)
        return {"type": value.WhichOneof("data")}

    async def invoke(self, function: str, given: Any, metadata: dict[str, Any]) -> Any:
        invocation = Message(
            invocation_id=f"call-{id(given)}",
            function_id=function,
            input_data=[given],
            trigger_metadata=metadata,
            trace_context=Message(trace_parent="", trace_state="", attributes={}),
            retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
        )
        return await self.runtime.invocation_request(self.envelope(Message(invocation_request=invocation)))

    def envelope(self, request: Message) -> Message:
        return Message(request=request, properties={"host": "127.0.0.1", "protos": self.protos})

    def succeed(self, response: Message) -> None:
        if response.result.status != Status.Success:
            raise RuntimeError(vars(response.result.exception))


def function_protocol() -> Any:
    """The module beside this file; it needs protobuf, which only the runtime's Python has."""
    return importlib.import_module("function_protocol")


class Parameter(Message):
    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        return "data"


async def main() -> None:
    logging.getLogger("worker.of.tests").info("made before the server")
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(ChannelHandler())
    if sys.argv[3] == "runtime":
        worker: Any = MicrosoftRuntime()
        await worker.start()
    else:
        worker = DirectWorker()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        if "python" in command:
            found = eval(command["python"], {"sys": sys, "os": os, "logging": logging})  # noqa: S307 - the tests' own
        elif "warm_up" in command:
            found = await worker.warm_up()
        elif "event" in command:
            found = await worker.trigger(command["event"])
        else:
            found = await asyncio.gather(*(worker.call(request) for request in command["calls"]))
        sys.stdout.flush()
        print(json.dumps(found), file=answers, flush=True)


asyncio.run(main())
