"""A change of the script alone, put into the app that runs: its worker starts again, and nothing is built."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from functions_model.bundle.user_files import code_files
from functions_model.cli.door import Door
from functions_model.cli.sandbox import RunningSandbox
from functions_model.cli.work_folder import work_folder
from functions_model.core.sending import new_session
from functions_model.core.spec import DeploymentSpec
from functions_model.inputs import read_live_target
from functions_model.pipeline.checks import check
from functions_model.pipeline.session import World
from functions_model.provision.context import discard

if TYPE_CHECKING:
    from functions_model.verify import Verified

_SECONDS = 150.0
"""For the sandbox's answer: it waits two minutes for a worker that loads the app."""


class NotEdited(Exception):
    """The app did not take the files. The text says why, a clause."""


def edit_of(before: DeploymentSpec, now: DeploymentSpec, changed: Sequence[Path]) -> dict[str, Path]:
    """The files to exchange in the running app, by their absolute path there; none where only a deployment will do.

    A deployment is needed for all but Python files of the source directory and the sample, for a file that is gone, and
    when the inputs say anything else than before.

    Raises:
        BundleFailed: The user's files cannot be packed.
    """
    samples = {now.sample_request} if now.sample_request else set()
    if before != now or now.code is None or any(path.suffix != ".py" and path not in samples for path in changed):
        return {}
    places = {file.content: f"/{file.path}" for file in code_files(now).tree.files if isinstance(file.content, Path)}
    if any(path not in places for path in changed if path.suffix == ".py"):
        return {}
    return {places[path]: path for path in changed if path in places}


def edit(
    door: Door, sandbox: RunningSandbox, inputs: Mapping[str, str], spec: DeploymentSpec, files: Mapping[str, Path]
) -> tuple[Verified, float]:
    """Check the script, exchange the files, and prove the app as after a deployment; how long that took, in seconds.

    Raises:
        BundleFailed: The entry script is at fault.
        NotEdited: The app does not run, or its host does not come up again.
        NotLive: `init()` fails, or the sample is not scored.
    """
    from functions_model.pipeline.asking import proven, reach  # noqa: PLC0415 - as a run imports it: late

    begun, ci = time.monotonic(), door.output.ci
    with work_folder() as work:
        world = World(ci, work, discard)
        check(spec, world)
        contents = {place: file.read_bytes() for place, file in files.items()}
        target = read_live_target(door.values(sandbox, inputs), workspace=door.folder, facts=ci.facts)
        with ThreadPoolExecutor(1) as beside:
            taken = beside.submit(put_files, sandbox, door.app, contents)  # logging in takes as long
            with reach(target, world) as endpoint:
                taken.result()
                return proven(endpoint, spec, world), time.monotonic() - begun


def put_files(sandbox: RunningSandbox, app: str, files: Mapping[str, bytes]) -> None:
    """Have the sandbox exchange files of a running app; without files, it starts from its own image again.

    Raises:
        NotEdited: It could not.
    """
    body = {place: base64.b64encode(content).decode() for place, content in files.items()}
    address, token = f"{sandbox.address}/sandbox/apps/{app}/files", {"Authorization": f"Bearer {sandbox.edit_token}"}
    method = "PUT" if files else "DELETE"
    try:
        with new_session() as session:
            answer = session.request(
                method, address, json=body, headers=token, verify=sandbox.ca_file, timeout=_SECONDS
            )
    except requests.RequestException as exc:
        raise NotEdited(f"the sandbox does not answer ({type(exc).__name__})") from exc
    if not answer.ok:
        problem = answer.json().get("problem") if answer.content else ""
        raise NotEdited(str(problem or f"the sandbox answers with the status {answer.status_code}"))
