"""What becomes of a folder that is tried, told to the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from functions_model.cli.callers import Sent
from functions_model.cli.door import Door
from functions_model.cli.ending import shown
from functions_model.cli.once import Ending
from functions_model.cli.try_page.board import Board, Fault
from functions_model.cli.try_page.sending import Sender
from functions_model.core.failures import Failure
from functions_model.core.spec import AuthLevel, DeploymentSpec, HttpTrigger, ServiceBusQueueTrigger
from functions_model.report.calling import content_type

_BUG = Fault("This is a bug in functions-model-action, not in your project. The log has its traceback.")


@dataclass(slots=True)
class Showing:
    """A folder, and the page that shows it.

    Attributes:
        door: The folder.
        board: What browsers are told.
        sender: Sends what people write there.
    """

    door: Door
    board: Board
    sender: Sender

    def changing(self, files: Sequence[str]) -> None:
        """Files were changed; what follows is about them."""
        self.board.changing(files)

    def runs(self, spec: DeploymentSpec, inputs: Mapping[str, str]) -> None:
        """The app runs this from now on, live or not: it takes requests."""
        self.sender.deployed(spec, inputs)
        trigger, sample = spec.trigger, spec.sample_request
        self.board.tell(
            lambda state: replace(
                state,
                trigger="queue" if isinstance(trigger, ServiceBusQueueTrigger) else trigger.kind,
                sends=True,
                ca_file=self.sender.sandbox.ca_file,
                needs_key=trigger.auth_level is not AuthLevel.ANONYMOUS,
                sample=str(sample or ""),
            )
        )

    def ended(self, ending: Ending) -> None:
        """A deployment has ended."""
        if ending.code == 0:
            is_http = isinstance(ending.spec, DeploymentSpec) and isinstance(ending.spec.trigger, HttpTrigger)
            self.live(ending.verified.scoring_url if is_http else "")
        elif ending.failure:
            self.failed(ending.failure)
        else:
            self.board.failed([_BUG])

    def live(self, url: str | None = None) -> None:
        """A version is live; None leaves its address as it was."""
        self.board.live(url)

    def failed(self, failure: Failure) -> None:
        """The change did not become live."""
        scrub, folder = self.door.output.ci.scrub, self.door.folder
        faults = [
            Fault(scrub(shown(problem, folder)), str(problem.location or "").removeprefix(f"{folder}/"))
            for problem in failure.problems
        ]
        self.board.failed(faults)

    def sample(self) -> Sent | None:
        """The sample request as it is now."""
        spec = self.sender.spec
        if spec is None or spec.sample_request is None or not spec.sample_request.is_file():
            return None
        return Sent(spec.sample_request.name, spec.sample_request.read_bytes(), content_type(spec))
