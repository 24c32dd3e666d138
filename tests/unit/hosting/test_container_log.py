"""What is known of a container log that App Service keeps: whether there is one."""

from __future__ import annotations

from functions_model.hosting.app_service.container_log import is_off
from support.fake_arm import Answer
from support.fake_live_app import App

PULLED = "2026-01-02T03:04:05.678Z INFO  - Pulling image: contoso.azurecr.io/package@sha256:two\n"
OFF = (
    "2026-01-02T03:04:06.000Z INFO  - Logging is not enabled for this container.\n"
    "Please use https://aka.ms/linux-diagnostics to enable logging to see container logs here.\n"
)
READY = "2026-01-02T03:04:07.000Z INFO  - Container for site iris is ready to serve requests.\n"
WRITTEN = "info: Host.Startup[0]\n      Host started (12ms)\n"


class TestIsOff:
    def test_by_the_platforms_own_sentence(self) -> None:
        """Only its own lines come after that."""
        assert is_off(PULLED + OFF + READY)

    def test_not_where_a_container_has_written_since(self) -> None:
        """It was turned on meanwhile."""
        assert not is_off(PULLED + OFF + READY + PULLED + WRITTEN + READY)

    def test_not_without_the_sentence(self) -> None:
        """A container may write nothing."""
        assert not any(map(is_off, ("", PULLED + READY, PULLED + WRITTEN)))


class TestAFailureWithoutALog:
    def test_names_the_command_that_turns_it_on(self) -> None:
        """Beside what is known of the cause."""
        log = Answer(200, (PULLED + OFF + READY).encode(), {"content-type": "text/plain"})
        app = App({"GET /": [Answer(503)], "POST iris/containerlogs": [log]})

        remedy = app.failure(timeout=5).remedy

        assert "The app's log is off and has no more to say; turn it on and run again: az webapp log config" in remedy
        assert remedy.endswith("--name iris --resource-group rg --docker-container-logging filesystem")
