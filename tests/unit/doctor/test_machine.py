"""This machine, asked without a network."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from functions_model.doctor.diagnosis import State
from functions_model.doctor.machine import clock
from support.console import command, console_environ

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_700_000_000.0
SAID = "Tue, 14 Nov 2023 22:13:20 GMT"


class TestClock:
    @pytest.mark.parametrize(
        ("here", "told", "state", "words"),
        [
            (NOON + 2, SAID, State.OK, "2 s ahead of"),
            (NOON - 400, SAID, State.PROBLEM, "400 s behind"),
            (NOON, "soon", State.NOT_ASKED, "does not say"),
            (NOON, "", State.NOT_ASKED, "does not say"),
        ],
    )
    def test_is_compared(self, here: float, told: str, state: State, words: str) -> None:
        """Tokens of Entra ID may be five minutes out of their time."""
        found = clock(told, here, "host")

        assert (state, True) == (found.state, words in found.what), found


def test_without_network_and_login_all_is_said_at_once(tmp_path: Path) -> None:
    """In a folder without anything, in seconds: what is missing, and what could not be asked."""
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "http://name:wordofpass@localhost:9")
    bare = {"PATH": os.defpath, "HOME": str(tmp_path), "DOCKER_HOST": "unix:///nowhere.sock", "UV_NO_CACHE": "1"}
    done = subprocess.run(
        command("doctor"),
        cwd=tmp_path,
        env={**console_environ(), **nowhere, **bare},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (3, "") == (done.returncode, done.stderr), done.stdout
    assert "wordofpass" not in done.stdout
    assert [] == [
        words
        for words in (
            "  problem    packages: ",
            "  problem    base images: ",
            "  problem    login: ",
            "  ok         container engine: none answers, and none is needed",
            "https by the proxy `localhost:9`",
            "  not asked  inputs: there is no inputs file",
            "  not asked  rights: there is no login",
        )
        if words not in done.stdout
    ], done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_variable_that_cannot_be_used_is_told_first(tmp_path: Path) -> None:
    """Then nothing can be asked of anybody."""
    done = subprocess.run(
        command("doctor"),
        cwd=tmp_path,
        env={**console_environ(), "SSL_CERT_FILE": "/nowhere.pem"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 2 == done.returncode, done.stdout
    assert "  problem    network: `SSL_CERT_FILE` names `/nowhere.pem`, which does not exist" in done.stdout
