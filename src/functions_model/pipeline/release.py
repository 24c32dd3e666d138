"""The end of the story: what was delivered proves that it is live, or what ran before is put back.

A new version comes to the app in place, or to a candidate beside it. A candidate is verified, moved into the app's
place where that was asked for, and the app verified in turn; when it is then not live, the two are moved back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from functions_model.core.failures import ApplyIncomplete, Failure, NotLive, Overtaken
from functions_model.core.names import CANDIDATE, MOVE, MOVED
from functions_model.pipeline.events import AppOvertaken, AppVerified, Moved, ResourceWritten, UndoBegun, UndoEnded
from functions_model.pipeline.housekeeping import remove_old_images
from functions_model.pipeline.live_tags import tag_moved, tag_verified
from functions_model.pipeline.session import World, run_context
from functions_model.pipeline.verifying import Delivered, probed, verify_here, verify_previous
from functions_model.provision import Change, PutBack
from functions_model.verify.nouns import Verified

FIRST = "This was the first deployment, so there is nothing to roll back to; the failed app is left for you to inspect."
UNCHANGED = "This run changed nothing in the app, so there was nothing to roll back."
_ROUNDS = 3
"""So often another deployment may write to the app between its proof and its end."""


@contextmanager
def overtaking_told(world: World) -> Iterator[None]:
    """While somebody else may deploy to the app: that they have is told, with what lets one at a time go to it.

    Raises:
        Overtaken: They have.
    """
    try:
        yield
    except Overtaken as failure:
        world.tell(AppOvertaken(failure.image))
        told = f"{failure.remedy} {world.ci.facts.advice.one_at_a_time}"
        ending = Overtaken(failure.app, failure.image, told)
        ending.detail = failure.detail
        raise ending from failure


def release(delivered: Delivered) -> None:
    """Verify what was delivered, and bring it to the app where it is not there yet.

    Raises:
        NotLive: It is not live. The failure tells what became of what ran before, too.
        Overtaken: Somebody else has deployed to the app meanwhile. Nothing was rolled back.
        ApplyIncomplete: The candidate could not be moved into the app's place.
    """
    if delivered.host.is_beside(delivered.plan):
        _beside(delivered)
    else:
        _in_place(delivered)
    remove_old_images(delivered)


def _in_place(delivered: Delivered) -> None:
    """When the app is not live, what ran before is put back, and verified."""
    try:
        with delivered.world.stage("Verify"):
            verified = _settled(delivered)
            _tell_proven(delivered, verified)
            tag_verified(delivered)
    except NotLive as failure:
        raise _with_story(failure, _put_back(delivered, failure)) from failure


def _settled(delivered: Delivered) -> Verified:
    """The proof of a version that has all that belongs to it, also where another deployment has changed some of it."""
    verified, rounds = verify_here(delivered), 0
    while _written_again(delivered) and rounds < _ROUNDS:
        verified, rounds = verify_here(delivered), rounds + 1
    return verified


def _written_again(delivered: Delivered) -> bool:
    """Whether something that belongs to this version was not there any more."""
    after, world = delivered.applied.app, delivered.world
    if delivered.before is None or after is None:
        return False
    if names := delivered.host.settle(delivered.plan, after, delivered.clients, run_context(world)):
        told = ", ".join(f"`{name}`" for name in names)
        world.ci.info(f"Somebody else wrote to the app in the meantime. This run wrote its own again: {told}.")
    return bool(names)


def _put_back(delivered: Delivered, failed: NotLive) -> str:
    """Put back what ran before and verify it; what came of it, in sentences. Nothing is raised where that fails.

    Raises:
        Overtaken: Somebody else has deployed to the app meanwhile.
    """
    after, world = delivered.applied.app, delivered.world
    if delivered.before is None:
        return FIRST
    if after is None:
        return UNCHANGED
    image = delivered.before.image
    world.tell(UndoBegun(image))
    serves = False
    with world.stage("Roll back to the previous version"):
        try:
            done = delivered.host.put_back(delivered.plan, after, delivered.clients, run_context(world))
            back, serves = verify_previous(delivered, image)
            story = f"{_told(done)} {back}"
        except Overtaken as overtaken:
            raise _not_even_live(overtaken, failed) from overtaken
        except Failure as failure:
            story = f"The previous version, `{image}`, could not be restored: {failure.reason}. {failure.remedy}"
        world.tell(UndoEnded(story, serves))
    return story


def _beside(delivered: Delivered) -> None:
    """When the candidate is not live, the app was not touched: there is nothing to put back."""
    plan, world = delivered.plan, delivered.world
    names = plan.wanted.names
    try:
        with world.stage(f"Verify the {CANDIDATE} `{names.candidate}`"):
            verified = verify_here(delivered, candidate=True)
            world.tell(AppVerified(verified, names.candidate))
            if plan.move and verified.unproven:
                raise delivered.host.refused_move(names, verified.unproven)
            tag_verified(delivered, candidate=True)
    except NotLive as failure:
        runs = delivered.before.image if delivered.before else delivered.app.reference.pinned
        story = f"`{names.app}` itself {'was not touched' if delivered.before else 'is new'} and runs `{runs}`."
        raise _with_story(failure, story) from failure
    if change := plan.move:
        _move(delivered, change)


def _move(delivered: Delivered, change: Change) -> None:
    world = delivered.world
    with world.stage(MOVE.capitalize()):
        written = delivered.host.move(delivered.plan, change, delivered.clients, run_context(world))
        world.tell(Moved(written))
        world.tell(ResourceWritten(written))
    try:
        with world.stage("Verify the app"):
            _tell_proven(delivered, verify_here(delivered))
            tag_moved(delivered)
    except NotLive as failure:
        raise _with_story(failure, _move_back(delivered, change, failure)) from failure


def _move_back(delivered: Delivered, change: Change, failed: NotLive) -> str:
    """Move back and verify what ran before; what came of it, in sentences.

    Raises:
        Overtaken: Somebody else has deployed to the app meanwhile.
    """
    plan, world, image = delivered.plan, delivered.world, delivered.before.image if delivered.before else ""
    candidate = plan.wanted.names.candidate
    world.tell(UndoBegun(image))
    serves = False
    with world.stage(f"{MOVE.capitalize()} back"):
        try:
            written = delivered.host.move_back(plan, change, delivered.clients, run_context(world))
            world.tell(Moved(written, back=True))
            back, serves = verify_previous(delivered, image)
            story = f"The previous version was {MOVED} back. {back} The {CANDIDATE} `{candidate}` has the new one."
        except Overtaken as overtaken:
            raise _not_even_live(overtaken, failed) from overtaken
        except ApplyIncomplete as failure:
            story = (
                f"The previous version, `{image}`, could not be {MOVED} back: {failure.reason}. {failure.remedy} "
                f"It is in the {CANDIDATE} `{candidate}`."
            )
        world.tell(UndoEnded(story, serves))
    return story


def _with_story(failure: NotLive, story: str) -> NotLive:
    """The failure, with what became of what ran before."""
    remedy = f"{failure.remedy} {story}"
    return NotLive(failure.action, failure.reason, remedy, location=failure.location, detail=failure.detail)


def _tell_proven(delivered: Delivered, verified: Verified) -> None:
    delivered.world.tell(AppVerified(probed(delivered, verified)))


def _told(done: PutBack) -> str:
    stay = ", ".join(f"`{name}`" for name in done.others)
    others = f" Settings that somebody else changed in the meantime stay: {stay}." if stay else ""
    return f"Rolled back to the previous version ({', '.join(done.what)}).{others}"


def _not_even_live(overtaken: Overtaken, failed: NotLive) -> Overtaken:
    """The ending of a run whose own version was not live, either."""
    told = f"{overtaken.remedy} This run's own was not live: {failed.reason}."
    ending = Overtaken(overtaken.app, overtaken.image, told)
    ending.detail = failed.detail
    return ending
