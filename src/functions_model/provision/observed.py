"""What is there: all that was read, each noun under its own type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar, cast


class Piece:
    """What is known of one thing that may be there; its type says of which."""

    __slots__ = ()

    @classmethod
    def nouns(cls) -> tuple[type[Piece], ...]:
        """The types that it is found by."""
        return (cls,)

    def with_it(self) -> tuple[Piece, ...]:
        """What must be there as well, where it is."""
        return ()

    def over(self, earlier: Any) -> Self:  # noqa: ARG002
        """It, with what was known before under its type, or None: it alone, if not said otherwise."""
        return self


_Noun = TypeVar("_Noun", bound=Piece)


@dataclass(frozen=True, slots=True)
class ObservedGroup(Piece):
    """A resource group that is there, wherever it is: resources of other regions can live in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundApp(Piece):
    """A live app of any host, as the first answer shows it.

    Attributes:
        id: The ARM id.
        host_name: Where it answers.
        tags: Its tags.
        location: Its region. It does not count when two are compared: times are among what is told with it.
    """

    id: str
    host_name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    location: str = field(default="", compare=False)

    def with_it(self) -> tuple[Piece, ...]:
        """Its group."""
        return (ObservedGroup(),)


class LiveApp(FoundApp):
    """A live app of any host, whole: what a host knows of it besides, it says in a type of its own.

    Attributes:
        settings: Every app setting. The values are secrets.
    """

    __slots__ = ()
    settings: Mapping[str, str]

    @property
    def image(self) -> str:
        """What it runs; empty for nothing."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there.

    Attributes:
        pieces: What was read, by type.
        portal: https URL of the cloud's portal; empty when it has none.
    """

    pieces: Mapping[type[Piece], Piece] = field(default_factory=dict)
    portal: str = ""

    def of(self, noun: type[_Noun]) -> _Noun | None:
        """What is known under a type; None when it is not there."""
        return cast("_Noun | None", self.pieces.get(noun))

    def all_of(self, noun: type[_Noun]) -> _Noun:
        """What is known under a type that stands for many things; empty when there are none."""
        return self.of(noun) or noun()

    def having(self, *pieces: Piece | None) -> Observed:
        """The same, with more known; None adds nothing."""
        known = dict(self.pieces)
        for piece in filter(None, pieces):
            known |= {type(other): other for other in piece.with_it()}
            known |= dict.fromkeys(piece.nouns(), piece.over(known.get(type(piece))))
        return replace(self, pieces=known)

    def lacking(self, noun: type[Piece]) -> Observed:
        """The same without what is known under a type."""
        return replace(self, pieces={key: piece for key, piece in self.pieces.items() if key not in noun.nouns()})

    @property
    def live_settings(self) -> Mapping[str, str]:
        """The app's settings as they are; none without an app. The values are secrets."""
        app = self.of(LiveApp)
        return app.settings if app else {}
