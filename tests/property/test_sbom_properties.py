"""What must hold of databases, SBOMs and reconciliation whatever they contain."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.errors import ParseError
from forensics.inventory import catalog
from forensics.layers import ImageView
from forensics.model.files import Change, Content, Entry, FileKind, FileState, FileVersion
from forensics.model.packages import Inventory, Package, Snapshot
from forensics.model.sbom import DeclaredSbom
from forensics.parsers.apkdb import parse_apkdb
from forensics.parsers.deb822 import parse_deb822
from forensics.parsers.dpkgdb import (
    parse_conffiles_field,
    parse_diversions,
    parse_md5sums,
    parse_path_list,
)
from forensics.parsers.os_release import parse_os_release
from forensics.sbom import BY_PRODUCTS, discover, read_sbom, reconcile
from forensics.sbom._byproducts import explain
from forensics.sbom._package_drift import compare_packages
from forensics.sbom._site import Site, Surroundings
from tests.layered_images import open_image_of

# ---- parsers never raise -------------------------------------------------------------------------------

LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [b"Package: x", b"Status: install ok installed", b" more", b"", b"P:a", b"V:1", b"F:usr", b"R:x"]
        ),
        st.binary(max_size=40),
    )
).map(b"\n".join)


@given(LINES)
def test_the_database_parsers_take_anything(content: bytes) -> None:
    for fault in parse_deb822(content).faults:
        assert 0 <= fault.offset <= fault.offset + fault.length <= len(content)
    for package in parse_apkdb(content).packages:
        assert package.name
        assert package.version
        assert all(file.path.startswith("/") for file in package.files)
    assert 0 <= parse_apkdb(content).lost_bytes <= len(content)
    assert all(path.startswith("/") and ".." not in path.split("/") for path in parse_path_list(content))
    assert all(path.startswith("/") for path in parse_md5sums(content).md5)
    assert len(parse_diversions(content).diversions) <= content.count(b"\n")
    assert all(item.path.startswith("/") for item in parse_conffiles_field(content.decode("latin-1")))
    assert all(name.isupper() or "_" in name or name[0].isupper() for name in parse_os_release(content))


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][a-zA-Z0-9-]{0,8}", fullmatch=True),
        st.from_regex(r"[!-~]([ -~]*[!-~])?", fullmatch=True),
        min_size=1,
    )
)
def test_deb822_gives_back_what_was_written(fields: dict[str, str]) -> None:
    lowered = {name.lower(): value for name, value in fields.items()}
    text = "".join(f"{name}: {value}\n" for name, value in lowered.items())
    assert parse_deb822(text.encode()).paragraphs == (lowered,)


NAMES_OF_AN_ATTACKER = st.text(min_size=1, max_size=6).filter(lambda text: "\n" not in text)


@settings(max_examples=40)
@given(st.lists(st.tuples(*[NAMES_OF_AN_ATTACKER] * 3), max_size=4), LINES)
def test_cataloging_never_raises_and_shows_nothing_unprintable(
    packages: list[tuple[str, str, str]], rest: bytes
) -> None:
    status = "".join(
        f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\n\n" for name, version, arch in packages
    )
    database = "".join(f"P:{name}\nV:{version}\nA:{arch}\n\n" for name, version, arch in packages)
    layer = {
        "/etc/os-release": f"ID={packages[0][0] if packages else ''}\n",
        "/var/lib/dpkg/status": status.encode("utf-8", "surrogatepass") + rest,
        "/var/lib/dpkg/info/x.list": rest,
        "/var/lib/dpkg/info/x.md5sums": rest,
        "/lib/apk/db/installed": database.encode("utf-8", "surrogatepass") + rest,
    }
    with open_image_of(layer) as view:
        inventory = catalog(view)
        result = reconcile(view, inventory, (), {})
    for package in inventory.packages:
        assert all(text.isprintable() for text in (package.id, package.name, package.version, package.purl))
    assert all(missing.path.isprintable() and missing.claimed_by.isprintable() for missing in result.missing)
    assert all(issue.message.isprintable() and issue.subject.isprintable() for issue in inventory.issues)
    assert len({package.id for package in inventory.packages}) == len(inventory.packages)


# ---- documents -----------------------------------------------------------------------------------------

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["name", "version", "purl", "hashes", "components", "alg", "content", "type", "fileName"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=15,
)
DOCUMENTS = st.one_of(
    st.fixed_dictionaries(
        {
            "bomFormat": st.just("CycloneDX"),
            "specVersion": st.just("1.6"),
            "components": JSON,
            "metadata": JSON,
        }
    ),
    st.fixed_dictionaries({"spdxVersion": st.just("SPDX-2.3"), "packages": JSON, "files": JSON}),
    st.fixed_dictionaries({"predicateType": JSON, "predicate": JSON, "subject": JSON}),
    st.fixed_dictionaries({"payloadType": JSON, "payload": JSON}),
    JSON,
)


def read_or_refuse(content: bytes) -> DeclaredSbom | None:
    try:
        return read_sbom(content, "here")
    except ParseError as error:
        if not error.message.isprintable():
            raise AssertionError("a message that must not be shown") from error
        return None


@given(st.one_of(st.binary(max_size=200), DOCUMENTS.map(lambda document: json.dumps(document).encode())))
def test_a_document_is_read_or_refused_and_shows_nothing_unprintable(content: bytes) -> None:
    sbom = read_or_refuse(content)
    if sbom is None:
        return
    for component in sbom.components:
        assert all(text.isprintable() for text in (component.name, component.version, component.purl))
        assert component.type.isprintable()
    assert all(file.path.startswith("/") for file in sbom.files)
    assert all(issue.message.isprintable() and issue.lost_bytes <= len(content) for issue in sbom.issues)


@given(DOCUMENTS, st.integers(0, 400), st.binary(max_size=3))
def test_a_document_that_was_cut_or_patched_is_read_or_refused(document: Any, at: int, patch: bytes) -> None:
    content = json.dumps(document).encode()
    read_or_refuse(content[:at])
    read_or_refuse(content[:at] + patch + content[at + len(patch) :])


@settings(max_examples=25)
@example({"spdxVersion": "SPDX-2.3", "packages": None, "files": [{"fileName": ""}, {"fileName": "/a/f"}]})
@given(DOCUMENTS)
def test_discovery_never_raises(document: Any) -> None:
    content = json.dumps(document)
    with open_image_of(
        {"/sbom.json": content, "/a/x.spdx.json": content, "/var/lib/db/sbom/x.json": content}
    ) as view:
        for sbom in discover(view, ())[0]:
            assert sbom.embedded
            if sbom.scope == "package" and "/a/x.spdx.json" in sbom.origin:
                assert all(file.path.startswith("/a/") for file in sbom.files)


# ---- drift ---------------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z0-9+.-]{1,6}", fullmatch=True)
VERSIONS = st.from_regex(r"([1-3]:)?[0-9]\.[0-9]{1,2}(\+deb12u[0-9])?-[0-9]", fullmatch=True)
CHANGES = st.sampled_from(["keep", "keep", "remove", "change", "rename"])


def installed(name: str, version: str) -> Package:
    return Package(id=f"deb/{name}@{version}", name=name, version=version, type="deb", purl="", source=name)


def document(components: list[tuple[str, str]]) -> bytes:
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "components": [
                {
                    "type": "library",
                    "name": name,
                    "version": version,
                    "purl": f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch=amd64",
                }
                for name, version in components
            ],
        }
    ).encode()


@given(st.dictionaries(NAMES, st.tuples(VERSIONS, CHANGES), max_size=12), st.randoms(use_true_random=False))
def test_exactly_what_was_changed_in_an_sbom_is_drift(
    packages: dict[str, tuple[str, str]], chance: Any
) -> None:
    kept, declared = [], []
    removed, changed, added = set(), set(), set()
    for name, (version, change) in packages.items():
        kept.append(installed(name, version))
        if change == "remove":
            removed.add(name)
        elif change == "change":
            declared.append((name, version + ".1"))
            changed.add((name, version + ".1", version))
        elif change == "rename":
            declared.append((name + "-renamed", version))
            removed.add(name)
            added.add(name + "-renamed")
        else:
            declared.append((name, version))
    added -= set(packages)
    chance.shuffle(declared)
    snapshot = Snapshot(layer=0, packages=tuple(kept), claims={})
    inventory = Inventory(packages=tuple(kept), snapshots=(snapshot,))
    comparison = compare_packages(inventory, (read_sbom(document(declared), "x"),))
    drift = comparison.packages
    assert {package.name for package in drift.undeclared} == removed
    assert {(c.name, c.declared, c.found) for c in drift.version_changed} == changed
    assert {component.name for component in drift.absent} == added
    assert drift.matched == len(packages) - len(removed) - len(changed)


# ---- by-products ---------------------------------------------------------------------------------------

PROGRAMS = [b"\x7fELF\x02\x01\x01\x00", b"#!/bin/sh\nid\n", b"#!/usr/bin/env python3\n", b"MZ\x90\x00"]


class NothingIsKnown:
    """The knowledge of an image in which packages account for nothing but own every name."""

    def accounted(self, version: FileVersion) -> bool:
        return False

    def claimed(self, path: str, version: FileVersion) -> bool:
        return False

    def packaged_content(self, sha256: str) -> bool:
        return False

    def installed(self, name: str) -> bool:
        return False


class OneFile(ImageView):
    """A view in which only one content can be read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(())
        self._content = content

    def read(self, what: FileVersion | Content, offset: int = 0, length: int | None = None) -> bytes:
        return self._content[offset : None if length is None else offset + length]


@pytest.mark.parametrize("rule", BY_PRODUCTS, ids=lambda rule: f"{rule.id}:{rule.paths[:24]}")
@settings(max_examples=15)
@given(data=st.data())
def test_no_path_of_any_rule_hides_a_program_that_nobody_owns(rule: Any, data: st.DataObject) -> None:
    path = data.draw(st.from_regex(re.compile(rule.paths, re.ASCII), fullmatch=True))
    content = data.draw(st.sampled_from(PROGRAMS))
    mode = data.draw(st.sampled_from([0o644, 0o755, 0o4755]))
    entry = Entry(path=path, kind=FileKind.REGULAR, size=len(content), mode=mode)
    version = FileVersion(
        path=path,
        layer=0,
        entry=entry,
        state=FileState.VISIBLE,
        change=Change.ADDED,
        content=Content(0, 512, len(content), (), "ab" * 32),
    )
    assert explain(Site(version, Surroundings(OneFile(content), NothingIsKnown()))) == ""
