"""Judges command text that somebody arranged to be run later: jobs, services, login hooks, start commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._addresses import Bare, bare, host_of
from forensics.detectors._behaviour import FOREIGN_CODE, Act, Behaviour, behaviours
from forensics.detectors._finding import excerpt
from forensics.model.findings import Evidence

INSTALLERS = frozenset(
    {
        "astral.sh", "bootstrap.pypa.io", "bun.sh", "cli.github.com", "deb.nodesource.com",
        "deno.land", "dl.google.com", "download.docker.com", "dl.yarnpkg.com", "get.docker.com",
        "get.helm.sh", "get.pnpm.io", "get.rvm.io", "getcomposer.org", "install.python-poetry.org",
        "packages.microsoft.com", "pyenv.run", "raw.githubusercontent.com", "rpm.nodesource.com",
        "sdk.cloud.google.com", "sh.rustup.rs", "starship.rs", "www.npmjs.com", "yarnpkg.com",
        "dot.net", "aka.ms", "get.sdkman.io", "get.k3s.io", "github.com", "packagecloud.io",
    }
)  # fmt: skip
"""Hosts from which people are told to pipe an installer into a shell."""


BARE = "fetches from a bare address"
"""The reason given for a plain download from an IP address."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One reason to distrust command text, and where it stands: bytes of the file that was judged."""

    reason: str
    offset: int
    length: int
    text: str
    act: Act

    def evidence(self) -> Evidence:
        """The place in the file, led by what it does."""
        plain = excerpt(self.text, self.offset, self.length)
        return Evidence(
            kind=plain.kind, text=f"{self.reason}: {plain.text}", offset=plain.offset, length=plain.length
        )


def suspicions(text: str, base: int = 0, acts: frozenset[Act] = FOREIGN_CODE) -> Iterator[Suspicion]:
    """What `text` does that nobody should arrange to be done; `base` is its place in the file.

    A plain download counts when it comes from a bare public address.
    """
    for one in behaviours(text):
        if one.act is Act.FETCH and has_bare_address(one):
            yield Suspicion(BARE, base + one.begin, one.end - one.begin, one.text, one.act)
        elif one.act in acts:
            yield Suspicion(str(one.act), base + one.begin, one.end - one.begin, one.text, one.act)


def hosts(behaviour: Behaviour) -> tuple[str, ...]:
    """The hosts that the addresses of a behaviour name, in small letters."""
    return tuple(host for address in behaviour.addresses if (host := host_of(address)))


def has_bare_address(behaviour: Behaviour) -> bool:
    """Whether it names an IP address instead of a host; loopback and private ones do not count."""
    return any(bare(host) is Bare.PUBLIC for host in hosts(behaviour))


def is_known_installer(behaviour: Behaviour) -> bool:
    """Whether all it fetches comes over HTTPS from hosts that publish installers to be piped."""
    named = hosts(behaviour)
    encrypted = all(address.lower().startswith("https://") for address in behaviour.addresses)
    return bool(named) and encrypted and all(host in INSTALLERS for host in named)


def is_local(behaviour: Behaviour) -> bool:
    """Whether everything it names is this very host."""
    named = hosts(behaviour)
    return bool(named) and all(host in ("localhost", "127.0.0.1", "::1", "0.0.0.0") for host in named)  # noqa: S104 - compared, not bound
