"""Reads what settings of package managers say about where packages come from and whether they are checked.

Each reader takes the text of one file and gives its settings in the order in which they stand. Text that is
none of the kind gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._addresses import Bare, bare, host_of

TEXT_LENGTH = 300
"""Characters of one setting that are kept for evidence."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its text and place, the addresses it names, and which check it switches off, if any.

    `unchecked` is a sentence. `mild` when the way to the source is still protected by other means.
    """

    text: str
    offset: int
    addresses: tuple[str, ...] = ()
    unchecked: str = ""
    mild: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """One line and where it stands; a key and a value when it is read as a setting."""

    text: str
    offset: int
    key: str = ""
    value: str = ""


_YES = frozenset({"1", "yes", "true", "on", "with", "enable"})
_NO = frozenset({"0", "no", "false", "off", "without", "disable"})
_LOCAL = ("file:", "copy:", "cdrom:")
_URL = re.compile(r"https?://[^\s\"'<>,\]]+", re.IGNORECASE)
_DEB = re.compile(r"[ \t]*deb(?:-src)?[ \t]+(?:\[(?P<options>[^\]\n]*)\][ \t]*)?(?P<address>\S+)")
_APT_COMMENT = re.compile(r"/\*[\s\S]*?(?:\*/|\Z)|^[ \t]*(?://|#)[^\n]*", re.MULTILINE)
_APT_SETTING = re.compile(
    r"\b(?P<allows>AllowInsecureRepositories|AllowUnauthenticated|AllowDowngradeToInsecureRepositories)\b"
    r"[ \t\n]*\"?(?P<allowed>\w+)"
    r"|\bVerify-(?:Peer|Host)\b[ \t\n]*\"?(?P<verified>\w+)"
    r"|\bProxy(?:::[\w.-]{1,255})?[ \t\n]*\"(?P<proxy>[^\"\n]+)\"",
    re.IGNORECASE,
)
_INI = re.compile(r"(?P<key>[\w@:./-]+)[ \t]*[=:][ \t]*(?P<value>.*)")
_NPM = re.compile(
    r"[ \t]*[\"']?(?:(?P<registry>(?:@[^:\s]+:)?registry|npmRegistryServer)"
    r"|(?P<strict>strict-ssl|enableStrictSsl))[\"']?"
    r"(?:[ \t]*[=:][ \t]*|[ \t]+)[\"']?(?P<value>[^\s\"']+)"
)
_PIP_ADDRESSES = frozenset({"index-url", "extra-index-url", "find-links", "index", "pypi"})
_UNSIGNED = "What is installed is taken without a valid signature."
_UNCERTAIN = "The certificate of the source is not checked."
_UNENCRYPTED = "What is fetched is neither signed nor encrypted."


def apt_list(text: str) -> Iterator[Setting]:
    """Lines of sources.list(5)."""
    for line in _lines(text):
        match = _DEB.match(line.text)
        if match is None or match["address"].startswith(_LOCAL):
            continue
        options = dict(word.partition("=")[::2] for word in (match["options"] or "").lower().split())
        off = any(options.get(name) in _YES for name in ("trusted", "allow-insecure"))
        yield _setting(line, (match["address"],), _UNSIGNED if off else "")


def apt_stanzas(text: str) -> Iterator[Setting]:
    """Stanzas of sources.list(5) in its other form."""
    for stanza in _stanzas(text):
        found = {line.key.lower(): line for line in stanza}
        addresses = tuple(found["uris"].value.split()) if "uris" in found else ()
        enabled = found["enabled"].value.lower() not in _NO if "enabled" in found else True
        if not enabled or not addresses or all(address.startswith(_LOCAL) for address in addresses):
            continue
        off = [found[name] for name in ("trusted", "allow-insecure") if _says(found.get(name), _YES)]
        yield _setting(off[0] if off else found["uris"], addresses, _UNSIGNED if off else "")


def apt_conf(text: str) -> Iterator[Setting]:
    """Settings of apt.conf(5), in either way of writing them."""
    plain = _APT_COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment.group()), text)
    for match in _APT_SETTING.finditer(plain):
        line = _Line(match.group(), match.start())
        if match["proxy"]:
            yield _setting(line, (match["proxy"],))
        elif (match["allowed"] or "").lower() in _YES:
            yield _setting(line, (), _UNSIGNED)
        elif (match["verified"] or "").lower() in _NO:
            yield _setting(line, (), _UNCERTAIN)


def apk(text: str) -> Iterator[Setting]:
    """Repositories of apk, and the options of its file `config`."""
    for line in _lines(text):
        words = [word for word in line.text.split() if not word.startswith("@")]
        if words and words[0].lstrip("-") == "allow-untrusted":
            yield _setting(line, (), _UNSIGNED)
        elif words and "://" in words[-1]:
            yield _setting(line, (words[-1],))


def yum(text: str) -> Iterator[Setting]:
    """Sections of dnf.conf(5) and of repositories of dnf, yum and zypper."""
    for section in _sections(text):
        found = {line.key.lower(): line for line in section}
        if _says(found.get("enabled"), _NO):
            continue
        named = [found[key] for key in ("baseurl", "mirrorlist", "metalink") if key in found]
        addresses = tuple(word for line in named for word in re.split(r"[\s,]+", line.value) if "://" in word)
        if addresses and all(address.startswith(_LOCAL) for address in addresses):
            continue
        unsigned = found.get("gpgcheck") if _says(found.get("gpgcheck"), _NO) else None
        uncertain = found.get("sslverify") if _says(found.get("sslverify"), _NO) else None
        line = unsigned or uncertain or (named[0] if named else None)
        if line is not None:
            why = _UNSIGNED if unsigned else _UNCERTAIN if uncertain else ""
            mild = not uncertain and bool(addresses) and all(_is_protected(one) for one in addresses)
            yield _setting(line, addresses, why, mild=mild)


def pip(text: str) -> Iterator[Setting]:
    """Settings of pip's configuration files."""
    for section in _sections(text):
        for line in section:
            key = line.key.lower().replace("_", "-").rpartition(".")[2]
            if key in _PIP_ADDRESSES:
                for address in _URL.findall(line.value):
                    yield _setting(line, (address,), _plainly(address))
            elif key == "trusted-host":
                hosts = tuple(f"//{host}" for host in line.value.split())
                if hosts:
                    yield _setting(line, hosts, _UNCERTAIN)


def npm(text: str) -> Iterator[Setting]:
    """Settings of npm and yarn."""
    for line in _lines(text, comments=("#", ";", "//")):
        match = _NPM.match(line.text)
        if match is None:
            continue
        if match["registry"]:
            yield _setting(line, (match["value"],), _plainly(match["value"]))
        elif match["value"].lower() in _NO:
            yield _setting(line, (), _UNCERTAIN)


def gem(text: str) -> Iterator[Setting]:
    """Settings of gem."""
    for line in _lines(text):
        for address in _URL.findall(line.text):
            yield _setting(line, (address,), _plainly(address))
        if re.match(r"\s*:?ssl_verify_mode:\s*[\"']?0", line.text):
            yield _setting(line, (), _UNCERTAIN)


def _setting(line: _Line, addresses: tuple[str, ...], unchecked: str = "", *, mild: bool = False) -> Setting:
    return Setting(line.text[:TEXT_LENGTH], line.offset, addresses, unchecked, mild)


def _plainly(address: str) -> str:
    """Why what comes from the address is not checked: by managers that rely on the connection alone."""
    loose = address.lower().startswith("http:") and bare(host_of(address)) is not Bare.NOT
    return _UNENCRYPTED if loose else ""


def _is_protected(address: str) -> bool:
    return address.lower().startswith("https:") and bare(host_of(address)) is Bare.NOT


def _says(line: _Line | None, words: frozenset[str]) -> bool:
    return line is not None and line.value.strip().strip("\"'").lower() in words


def _lines(text: str, comments: tuple[str, ...] = ("#",)) -> Iterator[_Line]:
    """Every line that is no comment."""
    offset = 0
    for line in text.split("\n"):
        if line.strip() and not line.lstrip().startswith(comments):
            yield _Line(line, offset)
        offset += len(line) + 1


def _stanzas(text: str) -> Iterator[list[_Line]]:
    """The fields of each stanza; stanzas end at empty lines."""
    offset = 0
    for stanza in re.split(r"(\n[ \t]*(?=\n))", text):
        yield _settings(stanza, offset)
        offset += len(stanza)


def _sections(text: str) -> Iterator[list[_Line]]:
    """The settings of each section; what stands before the first section counts as one."""
    offset = 0
    for section in re.split(r"(?m)(^[ \t]*\[[^\]\n]*\])", text):
        yield _settings(section, offset)
        offset += len(section)


def _settings(text: str, base: int) -> list[_Line]:
    """Keys with their values; indented lines continue the value before them."""
    found: list[_Line] = []
    more: list[str] = []
    for line in _lines(text, comments=("#", ";")):
        match = None if line.text[0] in " \t" and found else _INI.match(line.text.lstrip())
        if match:
            _close(found, more)
            more = []
            found.append(_Line(line.text, base + line.offset, match["key"], match["value"].strip()))
        elif found:
            more.append(line.text.strip())
    _close(found, more)
    return found


def _close(found: list[_Line], more: list[str]) -> None:
    if more:
        last = found[-1]
        found[-1] = _Line(last.text, last.offset, last.key, " ".join([last.value, *more]))
