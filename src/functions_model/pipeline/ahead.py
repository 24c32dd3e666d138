"""Resources in the making while the image is: all that need not wait for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from functions_model.core.failures import ApplyIncomplete, Failure
from functions_model.pipeline.events import AheadBegun
from functions_model.pipeline.writing import run_context
from functions_model.provision import begin_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.pipeline.look import Seen
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import BegunAhead
    from functions_model.registry import Push


class AheadOfImage:
    """What is made beside the image. Nothing is, before `begin`.

    Args:
        seen: The resources.
        subscription: Where they are.
        push: Is ended when a resource cannot be made: nothing would come of the image.
        parts: The outside world.

    Attributes:
        begun: What is being made; None when nothing has to be.
    """

    def __init__(self, seen: Seen, subscription: Subscription, push: Push, parts: Parts) -> None:
        self._seen, self._subscription, self._push, self._parts = seen, subscription, push, parts
        self.begun: BegunAhead | None = None

    def begin(self) -> None:
        """Make what need not wait, if there is any."""
        if ahead := self._seen.plan.ahead:
            self._parts.tell(AheadBegun(ahead))
            clients, context = self._subscription.clients, run_context(self._parts)
            self.begun = begin_ahead(self._seen.plan, clients, context, failed=self._push.close)

    def finish(self) -> None:
        """Wait for the end of what was begun.

        Raises:
            ApplyIncomplete: A resource could not be written.
        """
        if self.begun:
            self.begun.finish()

    def wait(self) -> None:
        """Wait for that end, whatever comes of it."""
        if self.begun:
            self.begun.graph.outcomes()


@contextmanager
def ahead_of_image(seen: Seen, subscription: Subscription, push: Push, parts: Parts) -> Iterator[AheadOfImage]:
    """What one run makes beside the image. What was begun is at its end when the context is left, whatever happened.

    Raises:
        Failure: That of a resource, where it is the cause of what was raised inside.
    """
    ahead = AheadOfImage(seen, subscription, push, parts)
    try:
        yield ahead
    except ApplyIncomplete:
        raise
    except Failure:
        ahead.finish()
        raise
    finally:
        ahead.wait()
