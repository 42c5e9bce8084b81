"""Databases that were edited or removed."""

from __future__ import annotations

from forensics.detectors.package_database import DETECTOR
from tests.scenes import File, debian, dpkg, elf, judge, said

EDITED, REMOVED = "ownership/database-edited", "ownership/database-removed"


def test_a_digest_that_was_rewritten_to_match_a_replaced_program() -> None:
    evil = elf(b"evil")
    sums = dpkg({"coreutils": {"/usr/bin/ls": evil}})["/var/lib/dpkg/info/coreutils.md5sums"]
    found = judge(
        DETECTOR, debian(), {"/usr/bin/ls": File(evil, 0o755), "/var/lib/dpkg/info/coreutils.md5sums": sums}
    )
    assert said(found) == [(EDITED, "high", None)]
    assert found[0].layer == 1
    assert found[0].evidence[0].text.startswith("/usr/bin/ls: md5:")


def test_an_update_and_a_new_package_are_ordinary() -> None:
    new = elf(b"new")
    update = {"/usr/bin/ls": File(new, 0o755), **dpkg({"coreutils": {"/usr/bin/ls": new}}, version="2")}
    assert judge(DETECTOR, debian(), update) == []
    more = dpkg({"coreutils": {"/usr/bin/ls": elf(b"ls")}, "more": {"/usr/bin/more": new}})
    assert judge(DETECTOR, debian(), {"/usr/bin/more": File(new, 0o755), **more}) == []


def test_many_changes_at_once_look_like_a_reinstallation() -> None:
    before = dpkg({"p": {f"/usr/lib/{n}": b"a%d" % n for n in range(20)}})
    after = dpkg({"p": {f"/usr/lib/{n}": b"b%d" % n for n in range(20)}})
    assert said(judge(DETECTOR, before, after)) == [(EDITED, "medium", None)]


def test_a_removed_database() -> None:
    found = judge(DETECTOR, debian(), {"/var/lib/dpkg": None})
    assert said(found) == [(REMOVED, "medium", "/var/lib/dpkg/status")]
    assert judge(DETECTOR, debian()) == []
