"""The proxies that this machine reaches others by, read from the usual variables into one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from functions_model.core.failures import Problem, RuleBroken

_SCHEMES = ("https", "http")
_ALL, _NONE = "ALL_PROXY", "NO_PROXY"
_HERE = ("localhost", "127.0.0.1", "::1", "169.254.0.0/16")
"""This machine, and what only this machine can ask: its identity (169.254.169.254). A proxy has others of these names.
https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service: proxies must be passed by."""
_FORM = "`http://HOST:PORT`, or `http://NAME:PASSWORD@HOST:PORT` with `%40` for `@`, `%23` for `#`, `%2F` for `/`"


@dataclass(frozen=True, slots=True)
class Proxies:
    """What the variables say.

    Attributes:
        addresses: By the scheme that they are for, `https` and `http`; a scheme without one has no proxy.
        exempt: What no proxy is asked for: hosts with all below them, addresses, networks (`10.0.0.0/8`), or `*`.
    """

    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)
    exempt: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The passwords, as they are written and as they are meant."""
        passwords = [urlsplit(address).password or "" for address in self.addresses.values()]
        return tuple(dict.fromkeys(form for one in passwords if one for form in (one, unquote(one))))

    @property
    def variables(self) -> dict[str, str]:
        """Both spellings of each variable: of two that differ, some clients take one, and some the other."""
        if not self.addresses:
            return {}
        named = {f"{scheme}_proxy": address for scheme, address in self.addresses.items()}
        named[_NONE.lower()] = "*" if "*" in self.exempt else ",".join(dict.fromkeys([*self.exempt, *_HERE]))
        return {spelling: value for name, value in named.items() for spelling in (name, name.upper())}


NAMES = tuple(spelling for name in ("HTTPS_PROXY", "HTTP_PROXY", _ALL, _NONE) for spelling in (name, name.lower()))
"""Every variable that is read here."""


def read_proxies(environ: Mapping[str, str]) -> tuple[Proxies, list[Problem]]:
    """The proxies of the variables, and what is wrong with these.

    Of two spellings the lower one counts, as for curl and Python. `ALL_PROXY` counts where a scheme has none of its
    own. A problem shows nothing of a value: it may hold a password.
    """
    addresses, problems = {}, {}
    for scheme in _SCHEMES:
        name, value = _given(environ, f"{scheme.upper()}_PROXY")
        if not value:
            name, value = _given(environ, _ALL)
        try:
            if value:
                addresses[scheme] = _address(value)
        except RuleBroken as broken:
            problems[name] = Problem(f"`{name}` {broken.what}", broken.remedy)
    exempt = tuple(_exempt(_given(environ, _NONE)[1]))
    return Proxies(addresses, exempt), list(problems.values())


def _given(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    for spelling in (name.lower(), name):
        if value := environ.get(spelling, "").strip():
            return spelling, value
    return name, ""


def _address(value: str) -> str:
    """A whole address, `http://` where it names no scheme.

    Raises:
        RuleBroken: It is none, or one of a proxy of another kind.
    """
    whole = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme.startswith("socks"):
        what = "names a SOCKS proxy, which not all clients here can use"
        raise RuleBroken(what, "Name a proxy for HTTP in HTTPS_PROXY, which then counts.")
    if not host or port == 0 or parts.scheme not in _SCHEMES or not whole.isprintable() or " " in whole:
        raise RuleBroken("does not hold the address of a proxy", f"Write it as {_FORM}.")
    if _beyond_latin(parts.username) or _beyond_latin(parts.password):
        what = "has characters in its login that an HTTP login cannot send"
        raise RuleBroken(what, "Ask for a password of letters, digits and signs of ASCII.")
    return f"{parts.scheme}://{parts.netloc}"


def _beyond_latin(text: str | None) -> bool:
    try:
        unquote(text or "").encode("latin-1")
    except UnicodeEncodeError:
        return True
    return False


def _exempt(value: str) -> Iterator[str]:
    """Its entries as all clients understand them: without `*.`, ports and brackets, which some take for names."""
    for entry in value.replace(",", " ").split():
        name = entry.rpartition("://")[2].removeprefix("*.")
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        if name:
            yield name
