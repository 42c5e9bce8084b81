"""Declared SBOM, package databases and bytes side by side: the status of every file version."""

from __future__ import annotations

import base64
import hashlib

import msgspec
import pytest

from forensics.inventory import catalog
from forensics.model.facts import FileFacts
from forensics.model.sbom import (
    Component,
    DeclaredFile,
    DeclaredSbom,
    FileStatus,
    FileVerdict,
    MissingFile,
    Reconciliation,
)
from forensics.sbom import Reconciler, reconcile
from tests.layered_images import (
    DIRECTORY,
    GONE,
    Content,
    LayerFiles,
    Link,
    Program,
    facts_of,
    layer_tar,
    open_image_of,
    open_layers,
    sums,
)

STATUS = "/var/lib/dpkg/status"
INFO = "/var/lib/dpkg/info"
INSTALLED = "/lib/apk/db/installed"


def dpkg(
    *packages: tuple[str, str, dict[str, str | None]], conffiles: dict[str, str] | None = None
) -> dict[str, Content]:
    """A dpkg database: (name, version, {path: content, or None for what has no MD5})."""
    status = ""
    files: dict[str, Content] = {}
    for name, version, owned in packages:
        status += f"Package: {name}\nStatus: install ok installed\nArchitecture: all\nVersion: {version}\n"
        if conffiles:
            status += "Conffiles:\n" + "".join(
                f" {path} {sums('md5', text)}\n" for path, text in conffiles.items()
            )
        status += "\n"
        files[f"{INFO}/{name}.list"] = "".join(f"{path}\n" for path in (*owned, *(conffiles or {})))
        files[f"{INFO}/{name}.md5sums"] = "".join(
            f"{sums('md5', text)}  {path[1:]}\n" for path, text in owned.items() if text is not None
        )
    return {STATUS: status, **files}


def apk(name: str, files: dict[str, str]) -> str:
    lines = [f"P:{name}", "V:1-r0"]
    for path, content in files.items():
        folder, _, leaf = path[1:].rpartition("/")
        digest = base64.b64encode(hashlib.sha1(content.encode()).digest()).decode()
        lines += [f"F:{folder}", f"R:{leaf}", f"Z:Q1{digest}"]
    return "\n".join(lines) + "\n\n"


def sbom(*files: tuple[str, str], origin: str = "--sbom x", scope: str = "image") -> DeclaredSbom:
    return DeclaredSbom(
        origin=origin,
        format="spdx",
        spec_version="2.3",
        scope=scope,
        files=tuple(DeclaredFile(path=path, digests=(digest,) if digest else ()) for path, digest in files),
    )


class Reconciled:
    """A reconciliation, asked by path and layer; with facts that come bit by bit it is the same."""

    def __init__(self, layers: tuple[LayerFiles, ...], sboms: tuple[DeclaredSbom, ...] = ()) -> None:
        with open_image_of(*layers) as view:
            inventory = catalog(view)
            self.wanted = Reconciler(view, inventory, sboms).wanted_digests()
            facts = facts_of(view, self.wanted)
            self.result: Reconciliation = reconcile(view, inventory, sboms, facts)
            bit_by_bit = Reconciler(view, inventory, sboms)
            assert bit_by_bit.wanted_digests() == self.wanted
            for known in reversed(facts.values()):
                bit_by_bit.take((known,))
            assert bit_by_bit.reconcile() == self.result
            self.by_place = {
                (version.path, version.layer): self.result.verdicts.get(version.key)
                for version in view.all_versions()
            }

    def __getitem__(self, place: str | tuple[str, int]) -> FileVerdict:
        path, layer = (place, 0) if isinstance(place, str) else place
        verdict = self.by_place[path, layer]
        assert verdict is not None
        return verdict


def test_the_four_answers_a_package_database_can_give() -> None:
    found = Reconciled(
        (
            {
                **dpkg(("p", "1", {"/usr/bin/good": "good", "/usr/bin/bad": "bad", "/usr/bin/gone": "gone"})),
                "/usr/bin/good": "good",
                "/usr/bin/bad": "evil",
                "/usr/bin/extra": Program(b"\x7fELF"),
            },
        )
    )
    owner = "deb/p@1/all"
    assert found["/usr/bin/good"] == FileVerdict(FileStatus.PACKAGE, claimed_by=owner)
    assert found["/usr/bin/bad"] == FileVerdict(
        FileStatus.ALTERED, claimed_by=owner, expected="md5:" + sums("md5", "bad")
    )
    assert found["/usr/bin/extra"] == FileVerdict(FileStatus.UNOWNED)
    assert found.result.missing == (MissingFile(path="/usr/bin/gone", claimed_by=owner),)
    assert found.result.reference == "packages"


def test_every_version_of_files_and_links_has_a_verdict_and_nothing_else_has() -> None:
    found = Reconciled(
        (
            {"/a": "1", "/hard": Link("/a", hard=True), "/soft": Link("/a"), "/folder": DIRECTORY},
            {"/a": "2", "/soft": GONE},
        )
    )
    judged = {place for place, verdict in found.by_place.items() if verdict}
    assert judged == {("/a", 0), ("/hard", 0), ("/soft", 0), ("/a", 1)}
    assert ("/folder", 0) in found.by_place


def test_without_any_database_everything_is_unowned() -> None:
    found = Reconciled(({"/bin/busybox": Program(b"\x7fELF"), "/etc/passwd": "root"},))
    assert {found[path].status for path in ("/bin/busybox", "/etc/passwd")} == {FileStatus.UNOWNED}
    assert found.result.reference == "none"


def test_a_version_is_judged_by_its_own_time() -> None:
    found = Reconciled(
        (
            {**dpkg(("p", "1", {"/usr/x": "one", "/usr/y": "y"})), "/usr/x": "one", "/usr/y": "y"},
            {**dpkg(("p", "2", {"/usr/x": "two"})), "/usr/x": "two", "/usr/y": GONE},
            {"/usr/x": "three"},
        )
    )
    assert found["/usr/x", 0] == FileVerdict(FileStatus.PACKAGE, claimed_by="deb/p@1/all")
    assert found["/usr/x", 1] == FileVerdict(FileStatus.PACKAGE, claimed_by="deb/p@2/all")
    assert found["/usr/x", 2].status is FileStatus.ALTERED
    assert found["/usr/y", 0] == FileVerdict(FileStatus.PACKAGE, claimed_by="deb/p@1/all")


def test_putting_back_an_older_file_of_a_package_is_an_alteration() -> None:
    found = Reconciled(
        (
            {**dpkg(("p", "1", {"/usr/x": "old"})), "/usr/x": "old"},
            {**dpkg(("p", "2", {"/usr/x": "new"})), "/usr/x": "new"},
            {"/usr/x": "old"},
        )
    )
    assert found["/usr/x", 2] == FileVerdict(
        FileStatus.ALTERED, claimed_by="deb/p@2/all", expected="md5:" + sums("md5", "new")
    )


def test_a_database_that_comes_in_a_later_layer_still_counts() -> None:
    found = Reconciled(({"/usr/x": "x", "/usr/y": "evil"}, dpkg(("p", "1", {"/usr/x": "x", "/usr/y": "y"}))))
    assert found["/usr/x"].status is FileStatus.PACKAGE
    assert found["/usr/y"].status is FileStatus.ALTERED


def test_a_file_that_stays_through_an_upgrade_is_owned() -> None:
    found = Reconciled(
        (
            {**dpkg(("p", "1", {"/usr/same": "s"})), "/usr/same": "s"},
            dpkg(("p", "2", {"/usr/same": "s"})),
        )
    )
    assert found["/usr/same"] == FileVerdict(FileStatus.PACKAGE, claimed_by="deb/p@2/all")


def test_configuration_may_change_and_is_told() -> None:
    found = Reconciled(
        (
            {
                **dpkg(("p", "1", {"/usr/p": "p"}), conffiles={"/etc/kept": "k", "/etc/edited": "e"}),
                "/etc/kept": "k",
                "/etc/edited": "changed",
            },
        )
    )
    owner = "deb/p@1/all"
    assert found["/etc/kept"] == FileVerdict(FileStatus.PACKAGE, claimed_by=owner)
    assert found["/etc/edited"] == FileVerdict(
        FileStatus.PACKAGE, claimed_by=owner, expected="md5:" + sums("md5", "e"), config=True
    )


def test_a_file_of_several_packages_agrees_with_one_of_them() -> None:
    found = Reconciled(
        ({**dpkg(("a", "1", {"/usr/x": "a"}), ("b", "1", {"/usr/x": "b"})), "/usr/x": "b"},),
    )
    assert found["/usr/x"] == FileVerdict(FileStatus.PACKAGE, claimed_by="deb/b@1/all")


def test_a_program_in_the_place_of_a_packaged_link_is_an_alteration() -> None:
    owned = dpkg(("python3", "1", {"/usr/bin/python3": None, "/usr/bin/python3.11": "elf"}))
    found = Reconciled(
        (
            {**owned, "/usr/bin/python3.11": "elf", "/usr/bin/python3": Link("python3.11")},
            {"/usr/bin/python3": Program(b"\x7fELF evil")},
        )
    )
    assert found["/usr/bin/python3", 0].status is FileStatus.PACKAGE
    assert found["/usr/bin/python3", 1] == FileVerdict(
        FileStatus.ALTERED, claimed_by="deb/python3@1/all", expected="a link or a directory"
    )


def test_a_link_in_the_place_of_a_packaged_program_is_an_alteration() -> None:
    found = Reconciled(
        (
            {**dpkg(("p", "1", {"/usr/bin/x": "elf"})), "/usr/bin/x": "elf"},
            {"/usr/bin/x": Link("/tmp/evil")},
        )
    )
    assert found["/usr/bin/x", 1].status is FileStatus.ALTERED


def test_a_hard_link_is_judged_by_its_content() -> None:
    owned = dpkg(("perl", "1", {"/usr/bin/perl": "elf", "/usr/bin/perl5": "elf", "/usr/bin/other": "x"}))
    found = Reconciled(
        (
            {
                **owned,
                "/usr/bin/perl": "elf",
                "/usr/bin/perl5": Link("/usr/bin/perl", hard=True),
                "/usr/bin/other": Link("/usr/bin/perl", hard=True),
            },
        )
    )
    assert found["/usr/bin/perl5"].status is FileStatus.PACKAGE
    assert found["/usr/bin/other"].status is FileStatus.ALTERED


def test_apk_links_are_judged_by_their_target() -> None:
    database = {
        INSTALLED: apk("b", {"/bin/sh": "/bin/busybox", "/bin/ash": "/bin/busybox", "/bin/busybox": "elf"})
    }
    found = Reconciled(
        (
            {
                **database,
                "/bin/busybox": "elf",
                "/bin/sh": Link("/bin/busybox"),
                "/bin/ash": Link("/tmp/evil"),
            },
            {"/bin/sh": Program(b"\x7fELF evil")},
        )
    )
    assert found["/bin/sh", 0] == FileVerdict(FileStatus.PACKAGE, claimed_by="apk/b@1-r0")
    assert found["/bin/ash", 0].status is FileStatus.ALTERED
    assert found["/bin/sh", 1].status is FileStatus.ALTERED


def test_claims_follow_a_merged_usr() -> None:
    found = Reconciled(
        ({**dpkg(("p", "1", {"/bin/x": "x"})), "/bin": Link("usr/bin"), "/usr/bin/x": "x"},),
    )
    assert found["/usr/bin/x"] == FileVerdict(FileStatus.PACKAGE, claimed_by="deb/p@1/all")
    assert found["/bin"] == FileVerdict(FileStatus.GENERATED, rule="merged-usr")


def test_contents_need_only_the_digests_that_somebody_claims() -> None:
    found = Reconciled(
        (
            {
                **dpkg(("d", "1", {"/usr/d": "d"})),
                INSTALLED: apk("a", {"/usr/a": "a"}),
                "/usr/d": "d",
                "/usr/a": "a",
                "/usr/s": "s",
                "/usr/t": "t",
                "/usr/none": "none",
            },
        ),
        (sbom(("/usr/s", "sha1:" + "ab" * 20), ("/usr/t", "sha256:" + "ab" * 32)),),
    )
    wanted = {text: found.wanted.get(sums("sha256", text)) for text in ("d", "a", "s", "t", "none")}
    assert wanted == {
        "d": frozenset({"md5"}),
        "a": frozenset({"sha1"}),
        "s": frozenset({"sha1"}),
        "t": None,
        "none": None,
    }


# ---- databases that were edited in a later layer --------------------------------------------------------


def later(*files: tuple[str, Content], **edited: dict[str, str | None]) -> Reconciled:
    """An honest package in layer 0; in layer 1 the same version with edited lists, and other files."""
    honest: dict[str, str | None] = {"/usr/bin/x": "good", "/usr/bin/link": None}
    base: dict[str, Content] = {"/usr/bin/x": "good", "/usr/bin/link": Link("x")}
    return Reconciled(
        (
            {**dpkg(("p", "1", honest)), **base},
            {**dpkg(("p", "1", {**honest, **edited.get("owned", {})})), **dict(files)},
        )
    )


def test_editing_the_digest_in_the_database_does_not_help() -> None:
    found = later(("/usr/bin/x", "evil"), owned={"/usr/bin/x": "evil"})
    assert found["/usr/bin/x", 1] == FileVerdict(
        FileStatus.ALTERED, claimed_by="deb/p@1/all", expected="md5:" + sums("md5", "good")
    )


def test_deleting_the_digests_does_not_help() -> None:
    found = later(("/usr/bin/x", "evil"), (f"{INFO}/p.md5sums", GONE))
    assert found["/usr/bin/x", 1].status is FileStatus.ALTERED


def test_adding_a_file_to_a_package_does_not_help() -> None:
    found = later(("/usr/bin/new", "evil"), owned={"/usr/bin/new": "evil"})
    assert found["/usr/bin/new", 1] == FileVerdict(FileStatus.UNOWNED)


def test_turning_a_link_into_a_file_in_the_database_does_not_help() -> None:
    found = later(("/usr/bin/link", "evil"), owned={"/usr/bin/link": "evil"})
    assert found["/usr/bin/link", 1].status is FileStatus.ALTERED


def test_calling_a_program_configuration_does_not_help() -> None:
    honest: dict[str, Content] = {**dpkg(("p", "1", {"/usr/bin/x": "good"})), "/usr/bin/x": "good"}
    for path in ("/usr/bin/x", "/usr/bin/new"):
        claimed = dpkg(("p", "1", {"/usr/bin/x": "good"}), conffiles={path: "whatever"})
        found = Reconciled((honest, {**claimed, path: "evil"}))
        assert found[path, 1].status in (FileStatus.ALTERED, FileStatus.UNOWNED)


def test_an_elf_program_is_never_changed_configuration() -> None:
    layer = {**dpkg(("p", "1", {}), conffiles={"/etc/x": "x"}), "/etc/x": Program(b"\x7fELF evil")}
    assert Reconciled((layer,))["/etc/x"].status is FileStatus.ALTERED


def test_a_new_version_may_own_whatever_it_likes() -> None:
    found = Reconciled(
        (
            {**dpkg(("p", "1", {"/usr/x": "one"})), "/usr/x": "one"},
            {**dpkg(("p", "2", {"/usr/x": "two", "/usr/y": "y"})), "/usr/x": "two", "/usr/y": "y"},
        )
    )
    assert {found["/usr/x", 1].status, found["/usr/y", 1].status} == {FileStatus.PACKAGE}


def test_the_same_version_may_move_its_files() -> None:
    """As merging /usr and diversions do: another path, the same digest."""
    found = Reconciled(
        (
            {**dpkg(("p", "1", {"/bin/x": "x"})), "/bin/x": "x"},
            {
                **dpkg(("p", "1", {"/bin/x": "x"}), ("q", "1", {})),
                "/bin": Link("usr/bin"),
                "/usr/bin/x": "x",
            },
        )
    )
    assert found["/usr/bin/x", 1].status is FileStatus.PACKAGE


# ---- without facts, and with archives that end early ---------------------------------------------------


@pytest.mark.parametrize(("content", "status"), [("x", FileStatus.PACKAGE), ("y", FileStatus.ALTERED)])
def test_what_was_not_examined_is_hashed_and_never_believed(content: str, status: FileStatus) -> None:
    with open_image_of({**dpkg(("p", "1", {"/usr/x": "x"})), "/usr/x": content}) as view:
        inventory = catalog(view)
        known = {sums("sha256", content): FileFacts(sha256=sums("sha256", content), size=1, type="text")}
        for facts in ({}, known):
            result = reconcile(view, inventory, (), facts)
            version = view.visible("/usr/x")
            assert version is not None
            assert result.verdicts[version.key].status is status
            assert [issue.code for issue in result.issues] == ["not-examined"]


def test_a_content_that_the_archive_cuts_short_cannot_be_verified() -> None:
    long = "x" * 4096
    whole = layer_tar({**dpkg(("p", "1", {"/usr/long": long})), "/usr/long": long})
    cut = whole[: whole.rindex(b"x") - 2000]
    with open_layers([cut]) as view:
        inventory = catalog(view)
        result = reconcile(
            view, inventory, (), facts_of(view, Reconciler(view, inventory, ()).wanted_digests())
        )
        version = view.visible("/usr/long")
    assert version is not None
    assert result.verdicts[version.key].status is FileStatus.ALTERED
    (issue,) = [issue for issue in result.issues if issue.code == "not-verified"]
    assert issue.lost_bytes == 2001
    assert issue.subject == "layer 0:/usr/long"


# ---- declared SBOMs ------------------------------------------------------------------------------------


def sha256(text: str) -> str:
    return "sha256:" + sums("sha256", text)


def test_an_sbom_names_path_and_digest() -> None:
    found = Reconciled(
        ({"/app/good": "good", "/app/bad": "evil", "/app/other": "o"},),
        (sbom(("/app/good", sha256("good")), ("/app/bad", sha256("bad")), ("/app/gone", sha256("gone"))),),
    )
    assert found["/app/good"] == FileVerdict(FileStatus.DECLARED, claimed_by="--sbom x")
    assert found["/app/bad"] == FileVerdict(FileStatus.ALTERED, claimed_by="--sbom x", expected=sha256("bad"))
    assert found["/app/other"] == FileVerdict(FileStatus.UNOWNED)
    assert found.result.missing == (MissingFile(path="/app/gone", claimed_by="--sbom x"),)
    assert found.result.reference == "sbom"


def test_an_sbom_is_about_the_finished_image() -> None:
    found = Reconciled(
        ({"/x": "old", "/y": "declared"}, {"/x": "new", "/y": GONE}),
        (sbom(("/x", sha256("new"))),),
    )
    assert found["/x", 0].status is FileStatus.UNOWNED
    assert found["/x", 1].status is FileStatus.DECLARED


def test_a_path_without_a_digest_declares_nothing_and_is_not_missing() -> None:
    found = Reconciled(({"/x": "x"},), (sbom(("/x", "")),))
    assert found["/x"].status is FileStatus.UNOWNED
    assert found.result.missing == ()


def test_a_declared_digest_outranks_the_package_database() -> None:
    """Whoever changes a packaged program can change the database beside it; the SBOM came from outside."""
    layer = {**dpkg(("p", "1", {"/usr/bin/x": "evil"})), "/usr/bin/x": "evil"}
    found = Reconciled((layer,), (sbom(("/usr/bin/x", sha256("good"))),))
    assert found["/usr/bin/x"].status is FileStatus.ALTERED


def test_a_changed_configuration_file_stays_the_packages() -> None:
    layer = {**dpkg(("p", "1", {}), conffiles={"/etc/x": "x"}), "/etc/x": "edited"}
    assert Reconciled((layer,), (sbom(("/etc/x", sha256("x"))),))["/etc/x"].config


def test_of_two_sboms_one_that_agrees_is_enough() -> None:
    sboms = (sbom(("/x", sha256("old"))), sbom(("/x", "sha1:" + sums("sha1", "x")), origin="--sbom y"))
    assert Reconciled(({"/x": "x"},), sboms)["/x"] == FileVerdict(FileStatus.DECLARED, claimed_by="--sbom y")


def test_paths_of_an_sbom_follow_the_links_of_the_image() -> None:
    layer: dict[str, Content] = {"/bin": Link("usr/bin"), "/usr/bin/x": "x"}
    assert Reconciled((layer,), (sbom(("/bin/x", sha256("x"))),))["/usr/bin/x"].status is FileStatus.DECLARED


def test_files_of_a_package_that_the_sbom_leaves_out() -> None:
    layers = (
        {
            **dpkg(("a", "1", {"/usr/a": "a"}), ("b", "1", {"/usr/b": "b", "/usr/c": "c"})),
            "/usr/a": "a",
            "/usr/b": "b",
            "/usr/c": "changed",
        },
    )
    declared = DeclaredSbom(
        origin="--sbom x",
        format="cyclonedx",
        spec_version="1.6",
        components=(Component(name="a", version="1", type="deb", purl="pkg:deb/debian/a@1"),),
    )
    found = Reconciled(layers, (declared,))
    assert found["/usr/a"].status is FileStatus.PACKAGE
    assert found["/usr/b"] == FileVerdict(FileStatus.UNDECLARED_PACKAGE, claimed_by="deb/b@1/all")
    assert found["/usr/c"].status is FileStatus.ALTERED
    assert [package.name for package in found.result.drift.undeclared] == ["b"]


def test_parts_of_an_sbom_that_could_not_be_read_are_among_the_issues() -> None:
    from forensics.sbom import read_sbom

    document = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":7}]}'
    found = Reconciled(({"/x": "x"},), (read_sbom(document, "--sbom x"),))
    assert [(issue.code, issue.subject) for issue in found.result.issues] == [("not-parsed", "--sbom x")]


# ---- what is gone --------------------------------------------------------------------------------------


def test_only_packages_of_the_finished_image_miss_files() -> None:
    found = Reconciled(
        (
            {**dpkg(("p", "1", {"/usr/old": "o"})), "/usr/old": "o"},
            {**dpkg(("p", "2", {"/usr/new": "n"})), "/usr/old": GONE},
        )
    )
    assert found.result.missing == (MissingFile(path="/usr/new", claimed_by="deb/p@2/all"),)


def test_a_listed_path_that_may_be_a_directory_is_not_told_as_missing() -> None:
    found = Reconciled((dpkg(("p", "1", {"/usr/share/p": None, "/usr/p": "p"})),))
    assert [missing.path for missing in found.result.missing] == ["/usr/p"]


def test_missing_paths_are_printable_and_in_order() -> None:
    found = Reconciled(({INSTALLED: apk("a", {"/usr/z": "", "/usr/\x1b[2J": "", "/usr/b": ""})},))
    assert [missing.path for missing in found.result.missing] == ["/usr/\\x1b[2J", "/usr/b", "/usr/z"]


def test_the_same_image_gives_the_same_reconciliation_byte_for_byte() -> None:
    layers = ({**dpkg(("p", "1", {"/usr/x": "x"})), "/usr/x": "y", "/y": "1"}, {"/y": "2"})
    documents = (sbom(("/y", sha256("2")), ("/gone", sha256("z"))),)
    once, again = (Reconciled(layers, documents).result for _ in range(2))
    assert msgspec.json.encode([once.drift, once.missing, once.issues]) == msgspec.json.encode(
        [again.drift, again.missing, again.issues]
    )
    assert list(once.verdicts.items()) == list(again.verdicts.items())
