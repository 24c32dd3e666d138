"""`make real`, as a process: its code is imported by none of the other tests."""

from __future__ import annotations

import os
import subprocess
import sys

from support.tools import ROOT


def judge(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`make real`, as the Makefile calls it."""
    return subprocess.run(
        [sys.executable, "tests/real", *words],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
        check=False,
    )
