"""How this machine reaches others, described once: whom it trusts, and by which proxies.

Each library reads variables of its own. `requests`, and the Azure SDK with it, reads REQUESTS_CA_BUNDLE; uv and
py-rattler read SSL_CERT_FILE. Of two spellings of a proxy's variable, the ones take the lower one and the others the
upper one, and only some understand `*.company.com` in NO_PROXY. So the variables are read here, and for the length of a
run each of them holds what all of them say together, in a form that every client of ours understands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from functions_model.ci.certificates import FILES, FOLDERS, read_certificates
from functions_model.ci.host import Facts
from functions_model.ci.proxies import NAMES, Proxies, read_proxies
from functions_model.core.failures import InputsInvalid


@dataclass(frozen=True, slots=True)
class Network:
    """What the variables say.

    Attributes:
        certificates: Whom to trust, in PEM form; none leaves each client to what it trusts by itself.
        proxies: Which ones, and what for.
    """

    certificates: tuple[str, ...] = field(default=(), repr=False)
    proxies: Proxies = field(default_factory=Proxies)

    @contextmanager
    def for_all(self, environ: MutableMapping[str, str], folder: Path) -> Iterator[None]:
        """Let every client here, and every process that is started, see the same.

        Args:
            environ: The process environment, as it was before at the end.
            folder: Takes the file of the certificates, until the end.
        """
        variables, names = dict(self.proxies.variables), set[str]()
        if self.certificates:
            bundle = folder / "certificates.pem"
            bundle.write_text("\n".join([*self.certificates, ""]), "ascii", errors="replace")
            variables |= dict.fromkeys(FILES, str(bundle))
            names |= {*FILES, FOLDERS}
        if self.proxies.addresses:
            names |= {*NAMES}
        before = {name: environ.get(name) for name in names}
        _set(environ, {name: variables.get(name) for name in names})
        try:
            yield
        finally:
            _set(environ, before)


def _set(environ: MutableMapping[str, str], values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value


def read_network(environ: Mapping[str, str], facts: Facts) -> Network:
    """The description, read and checked.

    Args:
        environ: The process environment.
        facts: Say where a relative path begins.

    Raises:
        InputsInvalid: A variable names what is not there, or cannot be used. Nothing was asked of anybody.
    """
    certificates, wrong = read_certificates(environ, facts)
    proxies, unusable = read_proxies(environ)
    if problems := [*wrong, *unusable]:
        raise InputsInvalid("reach the network", problems)
    return Network(certificates, proxies)
