"""Resources in the making while the image is: all that need not wait for it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from functions_model.core.failures import Failure
from functions_model.pipeline.events import GroundBegun, ResourceWritten
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
        pool: Of one thread.
    """

    def __init__(
        self, seen: Seen, subscription: Subscription, push: Push, parts: Parts, pool: ThreadPoolExecutor
    ) -> None:
        self._seen, self._subscription, self._push, self._parts, self._pool = seen, subscription, push, parts, pool
        self._laying: Future[Groundwork] | None = None

    def begin(self) -> None:
        """Make what need not wait, if there is any."""
        if ahead := self._seen.plan.ahead:
            self._parts.tell(GroundBegun(ahead))
            self._laying = self._pool.submit(self._lay)

    def laid(self) -> Groundwork | None:
        """What was made, once all of it is; None when nothing had to be.

        Raises:
            ApplyIncomplete: A resource could not be written.
        """
        return self._laying.result() if self._laying else None

    def _lay(self) -> Groundwork:
        ci, tell = self._parts.ci, self._parts.tell
        try:
            return lay_ground(
                self._seen.plan,
                self._subscription.clients,
                report=ci.info,
                written=lambda one: tell(ResourceWritten(one)),
                mask=ci.mask,
            )
        except BaseException:
            self._push.close()
            raise


@contextmanager
def ground_for(seen: Seen, subscription: Subscription, push: Push, parts: Parts) -> Iterator[Ground]:
    """The ground of one run. What was begun is at its end when the context is left, whatever happened.

    Raises:
        Failure: That of a resource, where it is the cause of what was raised inside.
    """
    with ThreadPoolExecutor(1, "ground") as pool:
        ground = Ground(seen, subscription, push, parts, pool)
        try:
            yield ground
        except Failure:
            ground.laid()
            raise
