"""The end of the story: what was delivered proves that it is live, or what ran before is put back.

A new version comes to the app in place, or to a candidate beside it. A candidate is verified, moved into the app's
place where that was asked for, and the app verified in turn; when it is then not live, the two are moved back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.failures import ApplyIncomplete, Failure, NotLive
from functions_model.core.names import CANDIDATE, MOVE, MOVED
from functions_model.hosting.known_hosts import host_of
from functions_model.pipeline.events import AppVerified, Moved, ResourceWritten, UndoBegun, UndoEnded
from functions_model.pipeline.prepare import Making
from functions_model.pipeline.session import Subscription, run_context
from functions_model.pipeline.verifying import Delivered, probed, verify_here, verify_previous, with_story
from functions_model.provision import Change, LiveApp, Overtaken, PutBack
from functions_model.provision.releases import ReleasingHost

if TYPE_CHECKING:
    from functions_model.verify.nouns import Verified

FIRST = "It is the app's first deployment: there is no previous version to go back to. The app stays as it is."
UNCHANGED = "This run has changed nothing of the app, so there was nothing to put back."


def release(making: Making, delivered: Delivered, subscription: Subscription) -> None:
    """Verify what was delivered, and bring it to the app where it is not there yet.

    Raises:
        NotLive: It is not live. The failure tells what became of what ran before, too.
        ApplyIncomplete: The candidate could not be moved into the app's place.
    """
    host = host_of(delivered.plan.wanted.target)
    one = _Release(making, delivered, subscription, host)
    if host.is_beside(delivered.plan):
        one.beside()
    else:
        one.in_place()


@dataclass(frozen=True, slots=True)
class _Release:
    making: Making
    delivered: Delivered
    subscription: Subscription
    host: ReleasingHost

    def in_place(self) -> None:
        """When the app is not live, what ran before is put back, and verified."""
        try:
            with self.making.world.stage("Verify"):
                verified = verify_here(self.making, self.delivered, self.subscription)
                if self._settled():
                    verified = verify_here(self.making, self.delivered, self.subscription)
                self._tell_proven(verified)
        except NotLive as failure:
            raise with_story(failure, self._put_back()) from failure

    def _settled(self) -> bool:
        """Whether settings had to be written again, as another deployment had changed them meanwhile."""
        after, world = self.delivered.applied.app, self.making.world
        if self._before is None or after is None:
            return False
        clients = self.subscription.clients
        if names := self.host.settle(self.delivered.plan, after, clients, run_context(world)):
            told = ", ".join(f"`{name}`" for name in names)
            world.ci.info(f"Somebody else has changed settings meanwhile. This run's were written again: {told}.")
        return bool(names)

    def _put_back(self) -> str:
        """Put back what ran before and verify it; what came of it, in sentences. Nothing is raised where that fails."""
        after, world = self.delivered.applied.app, self.making.world
        if self._before is None:
            return FIRST
        if after is None:
            return UNCHANGED
        clients, image = self.subscription.clients, self._before.image
        world.tell(UndoBegun(image))
        with world.stage("Put the previous version back"):
            try:
                done = self.host.put_back(self.delivered.plan, after, clients, run_context(world))
                story = f"{_told(done)} {self._verify_previous(image)}"
            except Overtaken as overtaken:
                story = _overtaken(overtaken, "put")
            except Failure as failure:
                story = f"The previous version, `{image}`, could not be put back: {failure.reason}. {failure.remedy}"
            world.tell(UndoEnded(story))
        return story

    def beside(self) -> None:
        """When the candidate is not live, the app was not touched: there is nothing to put back."""
        plan, world = self.delivered.plan, self.making.world
        names = plan.wanted.names
        try:
            with world.stage(f"Verify the {CANDIDATE} `{names.candidate}`"):
                verified = verify_here(self.making, self.delivered, self.subscription, candidate=True)
                world.tell(AppVerified(verified, names.candidate))
                if plan.move and verified.unproven:
                    raise self.host.refused_move(names, verified.unproven)
        except NotLive as failure:
            runs = self._before.image if self._before else self.delivered.built.reference.pinned
            story = f"`{names.app}` itself {'was not touched' if self._before else 'is new'} and runs `{runs}`."
            raise with_story(failure, story) from failure
        if change := plan.move:
            self._move(change)

    def _move(self, change: Change) -> None:
        world, clients = self.making.world, self.subscription.clients
        with world.stage(MOVE.capitalize()):
            written = self.host.move(self.delivered.plan, change, clients, run_context(world))
            world.tell(Moved(written))
            world.tell(ResourceWritten(written))
        try:
            with world.stage("Verify the app"):
                self._tell_proven(verify_here(self.making, self.delivered, self.subscription))
        except NotLive as failure:
            raise with_story(failure, self._move_back(change)) from failure

    def _move_back(self, change: Change) -> str:
        """Move back and verify what ran before; what came of it, in sentences."""
        plan, world, image = self.delivered.plan, self.making.world, self._before.image if self._before else ""
        clients, candidate = self.subscription.clients, plan.wanted.names.candidate
        world.tell(UndoBegun(image))
        with world.stage(f"{MOVE.capitalize()} back"):
            try:
                world.tell(Moved(self.host.move_back(plan, change, clients, run_context(world)), back=True))
                story = (
                    f"The previous version was {MOVED} back. {self._verify_previous(image)} "
                    f"The {CANDIDATE} `{candidate}` has the new one."
                )
            except Overtaken as overtaken:
                story = _overtaken(overtaken, MOVED)
            except ApplyIncomplete as failure:
                story = (
                    f"The previous version, `{image}`, could not be {MOVED} back: {failure.reason}. {failure.remedy} "
                    f"It is in the {CANDIDATE} `{candidate}`."
                )
            world.tell(UndoEnded(story))
        return story

    @property
    def _before(self) -> LiveApp | None:
        return self.delivered.plan.observed.of(LiveApp)

    def _tell_proven(self, verified: Verified) -> None:
        self.making.world.tell(AppVerified(probed(self.making, self.delivered, self.subscription, verified)))

    def _verify_previous(self, image: str) -> str:
        return verify_previous(self.making, self.delivered.plan, image, self.subscription)


def _told(done: PutBack) -> str:
    stay = ", ".join(f"`{name}`" for name in done.others)
    others = f" Settings that somebody else has changed meanwhile stay: {stay}." if stay else ""
    return f"The previous version was put back ({', '.join(done.what)}).{others}"


def _overtaken(overtaken: Overtaken, done: str) -> str:
    now = f"`{overtaken.image}`" if overtaken.image else "nothing"
    return f"Somebody else has deployed to the app meanwhile: it runs {now}, so nothing was {done} back."
