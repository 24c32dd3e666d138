"""The host itself: reads the app, runs its worker, and calls its functions."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
import time
import uuid
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .channel import Worker, WorkerGone
from .index import Function, find_functions
from .keys import Handover, Keyring, read_handover

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .channel import Reply
    from .console import Console
    from .options import HostOptions

WORKER_FAILURES = 3
"""So many worker failures in a row make the host give up."""
_STARTUP = "Host.Startup"
_INTERPRETER = "languageworkers__python__defaultexecutablepath"
_POLL_SECONDS = 0.3


class InvocationFailed(Exception):
    """A function raised, timed out, or lost its worker. The text is for the log."""


class ScriptHost:
    """One host with its worker processes.

    Args:
        options: How it runs.
        console: Its log.
        environ: The environment of host and worker.
        worker_script: The worker's start script.

    Attributes:
        problem: Why it cannot start at all; empty when it can.
        run: How often it was started again.
    """

    def __init__(self, options: HostOptions, console: Console, environ: Mapping[str, str], worker_script: Path) -> None:
        self.options = options
        self.console = console
        self.state = "Starting"
        self.errors: list[str] = []
        self.functions: tuple[Function, ...] = ()
        self.load_errors: dict[str, list[str]] = {}
        self.listener_errors: dict[str, set[str]] = {}
        self.problem = ""
        self.run = 0
        self.keyring = Keyring(read_handover(options.secrets) or Handover())
        self.settled = threading.Event()
        self.instance_id = str(uuid.uuid4())
        self.environ = dict(environ)
        self._worker_script = worker_script
        self._workers: list[Worker] = []
        self._turns = itertools.count()
        self._failures = 0
        self._lock = threading.Lock()
        self._tries: dict[str, int] = {}
        self._started = time.monotonic()

    @property
    def uptime_ms(self) -> int:
        """Milliseconds since the host began."""
        return int((time.monotonic() - self._started) * 1000)

    @property
    def callable_functions(self) -> list[Function]:
        """HTTP functions in the order in which routes are tried."""
        found = [function for function in self.functions if function.route and not function.disabled]
        return sorted(found, key=lambda function: function.route.rank if function.route else ())

    def start(self) -> None:
        """Bring the host up. Problems end in the state `Error`, with the reasons in `errors`."""
        if self.problem:
            self._give_up(f"A host error has occurred during startup: {self.problem}", self.problem)
            self.settled.set()
            return
        self.console.info(_STARTUP, f"Host version {self.options.version}, script root {self.options.script_root}")
        handover = self._wait_for_storage()
        if handover.collision:
            self._tell_collision(handover)
        self.functions = find_functions(self.options.script_root, self.options.route_prefix, self.environ)
        self.keyring.add_functions(self.functions)
        for function in self.functions:
            for error in function.errors:
                self.console.error(_STARTUP, f"The '{function.name}' function is in error: {error}")
        names = [function.name for function in self.functions]
        if names:
            self.console.info(_STARTUP, f"Found the following functions: {', '.join(names)}")
        else:
            self.console.info(_STARTUP, "0 functions found. No job functions found. Try making your job classes public")
        self._start_worker()
        self.settled.set()
        if self.options.workers > 1 and self._workers:
            self._start_more()

    def _start_more(self) -> None:
        """The other workers, while the first one serves already. The real host waits 10 s before each."""
        for _ in range(self.options.workers - 1):
            with self._lock:
                self._start_worker()

    def restart(self) -> None:
        """Start again in this process; returns at once. What it held against functions is forgotten."""
        threading.Thread(target=self._restart, name="restart", daemon=True).start()

    def _restart(self) -> None:
        with self._lock:
            workers, self._workers = self._workers, []
            self.settled.clear()
            self.state, self.errors, self._failures = "Starting", [], 0
            self.load_errors, self.listener_errors, self._tries = {}, {}, {}
            self.run += 1
        for worker in workers:
            worker.stop()
        self.start()

    def status_errors(self, function: Function) -> list[str]:
        """Why a function does not work."""
        return [*self.load_problems(function), *sorted(self.listener_errors.get(function.name, ()))]

    def load_problems(self, function: Function) -> list[str]:
        """Why a function cannot be called."""
        return [*function.errors, *self.load_errors.get(function.name, [])]

    def tell_listener(self, function: Function, error: str) -> None:
        """Keep and log why a function's listener cannot start; an empty text when it could.

        Only a restart takes an error away again: Azure/azure-webjobs-sdk, Listeners/FunctionListener.cs; Azure/azure-
        functions-host, ScriptHost.cs:964 and Utility.cs:578.
        """
        name = f"Functions.{function.name}"
        tries = self._tries.get(function.name)
        if tries is not None:
            self._tries[function.name] = tries = tries + 1
            self.console.info(_STARTUP, f"Retrying to start listener for function '{name}' (Attempt {tries})")
        if error:
            text = f"The listener for function '{name}' was unable to start."
            self._tries.setdefault(function.name, 0)
            self.listener_errors.setdefault(function.name, set()).add(f"{text} {error}")
            self.console.error(_STARTUP, f"{text}\n{error}")
        elif tries is not None:
            del self._tries[function.name]
            text = f"Listener successfully started for function '{name}' after {tries} retries."
            self.console.info(_STARTUP, text)

    def go_down(self, error: str) -> None:
        """End the process: a listener has failed where nobody catches it.

        Azure/azure-functions-host, WebScriptHostExceptionHandler.cs:69.
        """
        text = f"An unhandled exception has occurred. Host is shutting down.\n{error}"
        self.console.error("Microsoft.Azure.WebJobs.Script.WebHost.WebScriptHostExceptionHandler", text)
        os._exit(0)

    def invoke(self, function: Function, head: dict[str, Any], body: bytes) -> Reply:
        """Call a function.

        Raises:
            InvocationFailed: It raised, timed out, or its worker ended.
        """
        with self._lock:  # held while a worker starts again: a call waits for it
            # In turns, busy or not: Azure/azure-functions-host, RpcFunctionInvocationDispatcherLoadBalancer.cs.
            worker = self._workers[next(self._turns) % len(self._workers)] if self._workers else None
        if worker is None or self.load_problems(function):
            message = f"Function '{function.name}' is not loaded: {'; '.join(self.load_problems(function))}"
            raise InvocationFailed(message)
        reason = f" (Reason='{head['reason']}', Id={head['invocation']})" if "reason" in head else ""
        self.console.info(f"Function.{function.name}", f"Executing 'Functions.{function.name}'{reason}")
        began = time.monotonic()
        try:
            reply = worker.invoke({"function": function.name, **head}, body, self.options.timeout)
        except FutureTimeout:
            self._restart_worker(worker, f"Timeout value of {self.options.timeout} s exceeded by {function.name}")
            message = f"Timeout value of {self.options.timeout} s was exceeded by function: {function.name}"
            raise InvocationFailed(message) from None
        except WorkerGone as gone:
            self._restart_worker(worker, str(gone))
            raise InvocationFailed(str(gone)) from None
        took = int((time.monotonic() - began) * 1000)
        self._failures = 0
        if reply[0]["error"]:
            raise InvocationFailed(str(reply[0]["error"]))
        if function.triggered is None:
            # With a trigger of another kind the outputs are still to be written: the listener tells how it ended.
            category = f"Function.{function.name}"
            self.console.info(category, f"Executed 'Functions.{function.name}' (Succeeded, {took}ms)")
        return reply

    def _tell_collision(self, handover: Handover) -> None:
        """AZFD0004: a warning, or the end of the host; the platform then starts it again and again."""
        if handover.stops_for_collision:
            self.console.error("Host.Startup.HostIdValidator", handover.collision)
            os._exit(0)
        self.console.write("WARNING", "Host.Startup.HostIdValidator", handover.collision)

    def _wait_for_storage(self) -> Handover:
        """Without its storage the host is in error, and tries again until the storage works."""
        handover = read_handover(self.options.secrets) or Handover()
        while handover.storage_error:
            if self.state != "Error":
                self.state, self.errors = "Error", [handover.storage_error]
                self.console.error(_STARTUP, f"A host error has occurred during startup: {handover.storage_error}")
                self.settled.set()
            time.sleep(_POLL_SECONDS)
            handover = read_handover(self.options.secrets) or handover
        if self.state == "Error":
            self.settled.clear()
            self.state, self.errors = "Starting", []
        self.keyring = Keyring(handover)
        return handover

    def _start_worker(self) -> None:
        try:
            worker = Worker(self._command(), self._app(), self.environ, self._on_log, self._on_print)
            worker.wait_ready()
        except (OSError, WorkerGone, FutureTimeout) as error:
            self._give_up(f"Failed to start language worker process for runtime: python. {error}")
            return
        self.load_errors = {}
        for function in self.functions:
            if not function.errors and not function.disabled:
                self._load(worker, function)
        self._workers.append(worker)
        if self.state != "Running":
            self.state = "Running"
            self.console.info(_STARTUP, f"Host started ({self.uptime_ms}ms)")

    def _load(self, worker: Worker, function: Function) -> None:
        head = {
            "name": function.name,
            "folder": str(function.folder),
            "script": str(function.script),
            "entryPoint": function.entry_point,
            "bindings": function.config.get("bindings", []),
        }
        try:
            # Loading may take as long as an invocation, and a minute at least.
            error = worker.load(head, max(60.0, self.options.timeout or 0.0))
        except (WorkerGone, FutureTimeout) as failure:
            error = str(failure) or "loading took too long"
        if error:
            self.load_errors[function.name] = [error]
            self.console.error(_STARTUP, f"The '{function.name}' function is in error: {error}")

    def _restart_worker(self, worker: Worker, reason: str) -> None:
        with self._lock:
            if worker not in self._workers:
                return
            self._workers.remove(worker)
            worker.stop()
            self._failures += 1
            self.console.error("Host.Function.Console", f"Restarting the language worker: {reason}")
            if self._failures >= WORKER_FAILURES:
                self._give_up("Exceeded language worker restart retry count for runtime:python. Shutting down")
                return
            self._start_worker()

    def _give_up(self, reason: str, error: str = "") -> None:
        self.state, self.errors = "Error", [error or reason]
        self.console.error(_STARTUP, reason)

    def _command(self) -> list[str]:
        # As the real host: this setting, in any case of letters, or the first `python` on PATH.
        named = {name.lower(): value for name, value in self.environ.items()}.get(_INTERPRETER)
        return [named or shutil.which("python", path=self.environ.get("PATH")) or "python3", str(self._worker_script)]

    def _app(self) -> Path:
        root = self.options.script_root
        return root if root.is_dir() else Path(os.sep)

    def _on_log(self, head: dict[str, Any]) -> None:
        name = head.get("function")
        self.console.write(head["level"], f"Function.{name}.User" if name else "Worker", head["text"])

    def _on_print(self, line: str) -> None:
        self.console.info("Host.Function.Console", line)
