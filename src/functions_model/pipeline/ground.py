"""Resources in the making while the image is: all that need not wait for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from functions_model.core.failures import ApplyIncomplete, Failure
from functions_model.pipeline.events import GroundBegun
from functions_model.pipeline.writing import run_context
from functions_model.provision import lay_ground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.pipeline.look import Seen
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import Groundwork
    from functions_model.registry import Push


class Ground:
    """What is made beside the image. Nothing is, before `begin`.

    Args:
        seen: The resources.
        subscription: Where they are.
        push: Is ended when a resource cannot be made: nothing would come of the image.
        parts: The outside world.

    Attributes:
        laid: What is being made; None when nothing has to be.
    """

    def __init__(self, seen: Seen, subscription: Subscription, push: Push, parts: Parts) -> None:
        self._seen, self._subscription, self._push, self._parts = seen, subscription, push, parts
        self.laid: Groundwork | None = None

    def begin(self) -> None:
        """Make what need not wait, if there is any."""
        if ahead := self._seen.plan.ahead:
            self._parts.tell(GroundBegun(ahead))
            clients, context = self._subscription.clients, run_context(self._parts)
            self.laid = lay_ground(self._seen.plan, clients, context, failed=self._push.close)

    def finish(self) -> None:
        """Wait for the end of what was begun.

        Raises:
            ApplyIncomplete: A resource could not be written.
        """
        if self.laid:
            self.laid.finish()

    def wait(self) -> None:
        """Wait for that end, whatever comes of it."""
        if self.laid:
            self.laid.graph.outcomes()


@contextmanager
def ground_for(seen: Seen, subscription: Subscription, push: Push, parts: Parts) -> Iterator[Ground]:
    """The ground of one run. What was begun is at its end when the context is left, whatever happened.

    Raises:
        Failure: That of a resource, where it is the cause of what was raised inside.
    """
    ground = Ground(seen, subscription, push, parts)
    try:
        yield ground
    except ApplyIncomplete:
        raise
    except Failure:
        ground.finish()
        raise
    finally:
        ground.wait()
