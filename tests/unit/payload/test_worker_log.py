"""The worker's log survives the inference server's."""

from __future__ import annotations

import io
import logging
import logging.config
import sys
from typing import TYPE_CHECKING

import pytest

from functions_model.payload.worker_log import SERVER, WorkerChannel, kept_log, share_server_log

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger with one handler of a worker; everything is put back afterwards."""
    root, server = logging.getLogger(), logging.getLogger(SERVER)
    before = (root.handlers[:], root.level, server.handlers[:], server.propagate, server.level)
    root.handlers[:] = [logging.StreamHandler(io.StringIO())]
    # A sandbox in this process may write beside it.
    root.handlers[0].addFilter(lambda record: not record.name.startswith("azure."))
    root.setLevel(logging.INFO)
    yield root
    root.handlers[:], level, server.handlers[:], server.propagate, server_level = before
    root.setLevel(level)
    server.setLevel(server_level)


def written(root: logging.Logger) -> str:
    """What the worker's handler got."""
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    return str(handler.stream.getvalue())


class TestKeptLog:
    """`kept_log`."""

    def test_configuration_inside_takes_nothing_away(self, root: logging.Logger) -> None:
        """A configuration that disables loggers, replaces handlers and raises the level does no harm outside."""
        early = logging.getLogger("test.early")
        worker = root.handlers[0]
        with kept_log():
            logging.config.dictConfig({"version": 1, "root": {"level": "ERROR", "handlers": []}})
        early.info("still heard")

        assert worker in root.handlers
        assert "still heard\n" == written(root)

    def test_loggers_that_were_disabled_stay_so(self, root: logging.Logger) -> None:
        """What the worker silenced stays silent."""
        silent = logging.getLogger("test.silent")
        silent.disabled = True
        with kept_log():
            pass

        assert silent.disabled

    def test_log_is_kept_after_an_error_too(self, root: logging.Logger) -> None:
        """A failing start leaves the log whole."""
        worker = root.handlers[0]

        def start() -> None:
            with kept_log():
                root.handlers.clear()
                raise SystemExit(3)

        with pytest.raises(SystemExit):
            start()

        assert worker in root.handlers


class TestSharedServerLog:
    """`share_server_log`."""

    def test_records_come_once_however_often_it_is_called(self, root: logging.Logger) -> None:
        """The server's own console handler goes, and each record reaches the worker once."""
        server = logging.getLogger(SERVER)
        server.handlers[:] = [logging.StreamHandler(sys.stdout)]
        server.setLevel(logging.INFO)
        share_server_log()
        share_server_log()
        logging.getLogger(f"{SERVER}.print").info("printed")

        assert "printed\n" == written(root)
        assert [WorkerChannel] == [type(handler) for handler in server.handlers]

    def test_handlers_of_the_users_own_stay(self, root: logging.Logger) -> None:
        """What is not the console was asked for by the user."""
        own = logging.StreamHandler(io.StringIO())
        logging.getLogger(SERVER).handlers[:] = [own]
        share_server_log()

        assert own in logging.getLogger(SERVER).handlers

    def test_without_a_worker_nothing_changes(self, root: logging.Logger) -> None:
        """With no root handler the server's console handler is the only one there is."""
        root.handlers.clear()
        console = logging.StreamHandler(sys.stdout)
        logging.getLogger(SERVER).handlers[:] = [console]
        share_server_log()

        assert [console] == logging.getLogger(SERVER).handlers
        root.addHandler(console)  # for the fixture
