"""One flag at which everything looks before it begins something."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import pytest
import requests

from functions_model.core.cancel import Ahead, Cancel, Dropped
from functions_model.core.sending import changes, new_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.core.cancel import Request


class Held(BaseException):
    """A thread that would not go on for ever."""


def hold() -> NoReturn:
    raise Held


def cancelled() -> Cancel:
    cancel = Cancel(hold)
    cancel.cancel()
    return cancel


def sent(cancel: Cancel, status: int) -> Request:
    """A write with that answer."""
    with cancel.request(writes=True) as request:
        request.status = status
    return request


class TestNothingBegins:
    def test_once_it_is_cancelled(self) -> None:
        """No request, be it one that only reads, no process, and no other step that asks."""
        started: list[str] = []
        cancel = cancelled()

        with pytest.raises(Held), cancel.request(writes=False):
            started.append("request")
        with pytest.raises(Held), cancel.process(lambda: started.append("process"), print):
            started.append("process")
        with pytest.raises(Held):
            cancel.check()
        assert [] == started

    def test_in_any_thread(self) -> None:
        """However many begin one thing after the other: once `cancel` has returned, none begins another one."""
        cancel, begun, stop = Cancel(hold), [], time.monotonic() + 0.3

        def work() -> None:
            while True:
                with cancel.request(writes=True):
                    begun.append(time.monotonic())

        threads = [threading.Thread(target=_until_held, args=(work,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        while time.monotonic() < stop:
            time.sleep(0.01)
        cancel.cancel()
        over = len(begun)
        for thread in threads:
            thread.join()

        # Each thread may have been between its beginning, which came before, and the line that notes it.
        assert len(begun) - over <= len(threads)

    def test_but_what_cleans_up(self) -> None:
        """A container is removed by a request. The rest is cleaned when one thing cannot be."""
        cancel, done = Cancel(hold), []

        def remove() -> None:
            with cancel.request(writes=True):
                done.append("container")

        def fail() -> None:
            raise OSError

        with cancel.leaves(lambda: done.append("folder")), cancel.leaves(remove), cancel.leaves(fail):
            cancel.cancel()
            cancel.clean()

        assert ["container", "folder"] == done

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_by_a_session(self, scheme: str) -> None:
        """Nothing is connected to."""
        with new_session(cancel=cancelled()) as session, pytest.raises(Held):
            session.get(f"{scheme}://localhost:1/")
        with new_session() as session, pytest.raises(requests.ConnectionError):
            session.get(f"{scheme}://localhost:1/", timeout=5)


def _until_held(work: Callable[[], object]) -> None:
    with pytest.raises(Held):
        work()


class TestProcesses:
    def test_are_stopped_by_a_cancel(self) -> None:
        """The latest first; those that have ended are left alone."""
        cancel = Cancel(hold)
        stopped: list[str] = []

        with cancel.process(lambda: "first", stopped.append):
            with cancel.process(lambda: "ended", stopped.append):
                pass
            with cancel.process(lambda: "second", stopped.append):
                cancel.cancel()

        assert ["second", "first"] == stopped

    def test_are_stopped_by_a_failure(self) -> None:
        """Whatever it is that went wrong beside them."""
        cancel = Cancel(hold)
        stopped: list[str] = []

        with suppress(ValueError), cancel.process(lambda: "it", stopped.append):
            raise ValueError

        assert ["it"] == stopped


class TestAhead:
    """Work that was begun before anybody knows whether it is needed."""

    def test_ends_its_processes_when_it_is_dropped(self) -> None:
        """Those of others go on."""
        cancel, ahead = Cancel(hold), Ahead()
        ended: list[str] = []

        def work() -> None:
            with cancel.process(lambda: "ours", ended.append):
                cancel.drop(ahead)

        with cancel.process(lambda: "another's", ended.append):
            cancel.ahead(ahead, work)

        assert ["ours"] == ended

    def test_starts_no_other(self) -> None:
        """And what comes after it in its thread does."""
        cancel, ahead = Cancel(hold), Ahead()
        started: list[str] = []
        cancel.drop(ahead)

        def start() -> str:
            started.append("ours")
            return "ours"

        def work() -> None:
            with cancel.process(start, lambda _: None):
                pass

        with pytest.raises(Dropped):
            cancel.ahead(ahead, work)
        work()

        assert ["ours"] == started


class TestWork:
    @pytest.mark.parametrize(
        ("statuses", "is_open"),
        [((), False), ((201,), True), ((409,), False), ((500,), True), ((0,), True), ((202, 409), True)],
    )
    def test_is_open_once_a_write_may_count(self, statuses: tuple[int, ...], is_open: bool) -> None:
        """A refusal has changed nothing; of a fault of the service, and of no answer, nobody knows."""
        cancel = Cancel(hold)

        with cancel.work("the plan `p`"):
            for status in statuses:
                sent(cancel, status)
            assert (("the plan `p`",) if is_open else ()) == cancel.open

    def test_is_over_at_its_end(self) -> None:
        """And open for ever when it failed after a write that may count."""
        cancel = Cancel(hold)
        with cancel.work("done"):
            sent(cancel, 201)
        with suppress(ValueError), cancel.work("refused"):
            sent(cancel, 403)
            raise ValueError
        with suppress(ValueError), cancel.work("failed"):
            sent(cancel, 202)
            raise ValueError

        assert ("failed",) == cancel.open

    def test_is_awaited_while_a_write_is_on_its_way(self) -> None:
        """What only reads changes nothing, and need not be waited for."""
        cancel = Cancel(hold)

        with cancel.work("the plan `p`"):
            with cancel.request(writes=False):
                assert () == cancel.awaited + cancel.open
            with cancel.request(writes=True):
                assert ["the plan `p`"] == [*cancel.awaited]
            assert [] == [*cancel.awaited]


@pytest.mark.parametrize(
    ("method", "url", "writes"),
    [
        ("GET", "https://m/subscriptions/s", False),
        ("PUT", "https://m/subscriptions/s?api-version=1", True),
        ("PATCH", "https://m/sites/a", True),
        ("DELETE", "https://m/sites/a", True),
        ("POST", "https://m/sites/a/config/appsettings/list?api-version=1", False),
        ("POST", "https://m/storageAccounts/a/listKeys", False),
        ("POST", "https://login/t/oauth2/v2.0/token", False),
        ("POST", "https://m/sites/a/slots/b/slotsswap", True),
        ("POST", "https://m/registries/r/importImage", True),
    ],
)
def test_what_changes_something(method: str, url: str, writes: bool) -> None:
    """Secrets and tokens are asked for by POST, and nothing changes by it."""
    assert writes is changes(method, url)
