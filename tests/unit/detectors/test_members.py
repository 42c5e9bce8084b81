"""Members of archives are judged like files, under the name, state and owner of the file that holds them."""

from __future__ import annotations

import gzip

from forensics.detectors import Scene
from forensics.detectors.packed_elf import DETECTOR as PACKED
from forensics.detectors.signatures import DETECTOR as SIGNATURES
from forensics.detectors.unowned_executable import DETECTOR as UNOWNED
from tests.nested_bytes import SCRIPT, tar_of, zip_of
from tests.scenes import File, build, debian, dpkg, elf, said

JAR = zip_of({"lib/inner.jar": zip_of({"run.sh": SCRIPT})})


def completed(*layers: dict[str, File | bytes | None]) -> Scene:
    scene = build(layers)
    assert scene.reconciliation is not None
    return scene.completed(scene.facts, scene.reconciliation)


def test_a_signature_in_a_member_is_told_under_its_full_name() -> None:
    scene = completed(debian({"/opt/app.jar": JAR}), {"/opt/app.jar": None})
    found = [one for one in SIGNATURES.detect(scene) if one.rule_id == "miner/launcher"]
    assert [(one.path, one.state, one.changed_by_layer) for one in found] == [
        ("/opt/app.jar!/lib/inner.jar!/run.sh", "deleted", 1)
    ]
    evidence = [one for one in found[0].evidence if one.offset is not None]
    assert all(SCRIPT[one.offset : one.offset + one.length] in SCRIPT for one in evidence)  # type: ignore[operator]
    assert SCRIPT[evidence[0].offset :].startswith(b"--donate-level")


def test_one_content_in_two_archives_is_told_at_both() -> None:
    scene = completed(debian({"/opt/a.gz": gzip.compress(SCRIPT), "/opt/b.tar": tar_of({"b.sh": SCRIPT})}))
    paths = {one.path for one in SIGNATURES.detect(scene) if one.rule_id == "miner/launcher"}
    assert paths == {"/opt/a.gz!/a", "/opt/b.tar!/b.sh"}


def test_a_package_answers_for_what_its_archives_hold() -> None:
    owned = {"/usr/share/java/x.jar": JAR, **dpkg({"x": {"/usr/share/java/x.jar": JAR}})}
    found = list(SIGNATURES.detect(completed(owned)))
    assert found
    assert {str(one.severity) for one in found} <= {"low", "info"}


def test_a_packed_program_in_an_archive_is_told() -> None:
    packed = elf(b"UPX!", sections=False)
    scene = completed(debian({"/opt/x.tar": tar_of({"bin/x": packed})}))
    assert ("/opt/x.tar!/bin/x") in {path for _, _, path in said(list(PACKED.detect(scene)))}


def test_members_are_no_files_of_the_image() -> None:
    scene = completed(debian({"/opt/x.tar": tar_of({"bin/x": elf(b"UPX!", sections=False)})}))
    assert [one for one in UNOWNED.detect(scene) if "!/" in (one.path or "")] == []
    assert not any("!/" in version.path for version in scene.files)
