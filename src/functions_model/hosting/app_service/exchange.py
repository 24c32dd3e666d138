"""A swap, between what app and slot run before it and after: somebody else may deploy to both at the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from functions_model.core.failures import Overtaken
from functions_model.hosting.app_service.nouns import ObservedApp, image_in
from functions_model.hosting.app_service.reading import read_app
from functions_model.hosting.app_service.site import Site, SiteWriting


@dataclass(slots=True)
class Exchange:
    """One swap. It is sent while app and slot run what they are known to run, and at no other time.

    Attributes:
        writing: Names app and slot.
        app: What the app runs before it, as a configuration names an image.
        slot: What the slot runs before it.
        send: Sends it, and waits until it is done. Done twice, all is as before.
    """

    writing: SiteWriting
    app: str
    slot: str
    send: Callable[[], None]
    _before: ObservedApp | None = field(default=None, init=False)

    def check(self) -> None:
        """See that both run what they are known to run.

        Raises:
            Overtaken: One does not.
        """
        app, slot = self._images()
        for names, runs, known in ((self._site.names, app, self.app), (self.writing.wanted.names, slot, self.slot)):
            if runs != known:
                raise Overtaken(str(names), image_in(runs), "Nothing was swapped: both stay as they are.")

    def once(self) -> None:
        """Send it, and look first whether it was done after all when it is not known what came of it."""
        state = read_app(self._site)
        if self._before is not None and state != self._before:
            return
        self._before = state
        self.check()
        self.send()

    def check_after(self) -> None:
        """See whose version it has brought to the app.

        While it was on its way, another run may have gone through whole: then it has taken that one's version from the
        app again, and is taken back.

        Raises:
            Overtaken: Somebody else's is there.
        """
        app, slot = self._images()
        if app == self.slot or (app, slot) == (self.app, self.slot):
            return
        if app == self.app:
            self.writing.patience.through(self.send)
            app = self._site.runs()
        raise Overtaken(str(self._site.names), image_in(app))

    def _images(self) -> tuple[str, str]:
        """What they run; the app is asked last."""
        slot = Site(self.writing.clients, self.writing.wanted.names).runs()
        return self._site.runs(), slot

    @property
    def _site(self) -> Site:
        return self.writing.site
