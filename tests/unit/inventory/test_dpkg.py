"""The dpkg cataloger over layers: who owns which path, with which digest, from which layer on."""

from __future__ import annotations

from forensics.inventory import catalog
from forensics.limits import Limits
from forensics.model.packages import Claim, Inventory
from tests.layered_images import DIRECTORY, GONE, Content, LayerFiles, Link, Program, open_image_of, sums

OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'
STATUS = "/var/lib/dpkg/status"
INFO = "/var/lib/dpkg/info"


def paragraph(name: str, version: str = "1", state: str = "install ok installed", **more: str) -> str:
    fields = {"Package": name, "Status": state, "Architecture": "amd64", "Version": version, **more}
    return "".join(f"{key}: {value}\n" for key, value in fields.items()) + "\n"


def package(name: str, files: dict[str, str | None]) -> dict[str, Content]:
    """The info files of a package that owns `files`; None for a path without an MD5."""
    digests = "".join(
        f"{sums('md5', text)}  {path[1:]}\n" for path, text in files.items() if text is not None
    )
    return {
        f"{INFO}/{name}.list": "/.\n" + "".join(f"{path}\n" for path in files),
        f"{INFO}/{name}.md5sums": digests,
    }


def cataloged(*layers: LayerFiles) -> Inventory:
    with open_image_of(*layers) as view:
        return catalog(view)


def md5(text: str) -> str:
    return "md5:" + sums("md5", text)


def test_a_package_its_purl_and_its_claims() -> None:
    inventory = cataloged(
        {
            "/etc/os-release": OS_RELEASE,
            STATUS: paragraph("libc6", "1:2.36-9+deb12u4", Source="glibc (2.36-9)", **{"Multi-Arch": "same"}),
            **package("libc6:amd64", {"/usr/lib/libc.so.6": "elf", "/usr/lib/libc.so": None}),
            "/usr/lib/libc.so.6": "elf",
            "/usr/lib/libc.so": Link("libc.so.6"),
        }
    )
    (found,) = inventory.packages
    assert found.id == "deb/libc6@1:2.36-9+deb12u4/amd64"
    assert found.purl == (
        "pkg:deb/debian/libc6@1:2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12&upstream=glibc%402.36-9"
    )
    assert (found.source, found.source_version, found.files) == ("glibc", "2.36-9", 2)
    assert found.locations == (STATUS,)
    assert inventory.snapshots[-1].claims == {
        "/usr/lib/libc.so.6": (Claim(found.id, md5("elf")),),
        "/usr/lib/libc.so": (Claim(found.id, link=True),),
    }
    assert (inventory.distribution, inventory.distribution_version) == ("debian", "12")
    assert inventory.distribution_name == "Debian 12"
    assert inventory.issues == ()


def test_paths_follow_a_merged_usr_as_of_their_layer() -> None:
    split = {STATUS: paragraph("dash"), **package("dash", {"/bin/dash": "x"}), "/bin/dash": "x"}
    merged: dict[str, Content] = {
        "/bin": Link("usr/bin"),
        "/usr/bin/dash": "x",
        STATUS: paragraph("dash", "2"),
    }
    inventory = cataloged(split, merged)
    assert [list(snapshot.claims) for snapshot in inventory.snapshots] == [["/bin/dash"], ["/usr/bin/dash"]]


def test_a_diversion_moves_the_claims_of_all_but_the_diverting_package() -> None:
    inventory = cataloged(
        {
            STATUS: paragraph("bash") + paragraph("dash"),
            "/var/lib/dpkg/diversions": "/bin/sh\n/bin/sh.distrib\ndash\n",
            **package("bash", {"/bin/sh": "bash"}),
            **package("dash", {"/bin/sh": "dash"}),
        }
    )
    assert inventory.snapshots[-1].claims == {
        "/bin/sh.distrib": (Claim("deb/bash@1/amd64", md5("bash")),),
        "/bin/sh": (Claim("deb/dash@1/amd64", md5("dash")),),
    }


def test_conffiles_are_configuration_with_the_digest_of_the_status_file() -> None:
    conffiles = f"\n /etc/a {sums('md5', 'a')}\n /etc/b newconffile"
    inventory = cataloged(
        {
            STATUS: paragraph("p", Conffiles=conffiles),
            **package("p", {"/etc/a": None, "/etc/b": None, "/etc/c": None, "/usr/p": "p"}),
            f"{INFO}/p.conffiles": "/etc/a\n/etc/b\n/etc/c\n",
        }
    )
    owner = "deb/p@1/amd64"
    assert inventory.snapshots[-1].claims == {
        "/etc/a": (Claim(owner, md5("a"), config=True),),
        "/etc/b": (Claim(owner, config=True),),
        "/etc/c": (Claim(owner, config=True),),
        "/usr/p": (Claim(owner, md5("p")),),
    }


def test_only_installed_states_own_files_and_removed_ones_their_configuration() -> None:
    conffiles = f"\n /etc/gone {sums('md5', 'x')}"
    inventory = cataloged(
        {
            STATUS: paragraph("never", state="purge ok not-installed")
            + paragraph("gone", state="deinstall ok config-files", Conffiles=conffiles)
            + paragraph("half", state="install reinstreq half-installed"),
            **package("never", {"/usr/never": "x"}),
            **package("gone", {"/etc/gone": None, "/usr/gone": "x"}),
            **package("half", {"/usr/half": "x"}),
        }
    )
    assert [found.name for found in inventory.packages] == ["half"]
    assert set(inventory.snapshots[-1].claims) == {"/etc/gone", "/usr/half"}


def test_distroless_keeps_one_file_a_package() -> None:
    inventory = cataloged(
        {
            "/var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12\nArchitecture: amd64\n",
            "/var/lib/dpkg/status.d/base.md5sums": f"{sums('md5', 'x')}  usr/lib/os-release\n",
        },
        {"/var/lib/dpkg/status.d/libssl": "Package: libssl3\nVersion: 3\nArchitecture: amd64\n"},
    )
    assert [(found.name, found.layer) for found in inventory.packages] == [("base-files", 0), ("libssl3", 1)]
    claim = Claim("deb/base-files@12/amd64", md5("x"))
    assert inventory.snapshots[-1].claims == {"/usr/lib/os-release": (claim,)}
    assert inventory.databases == ("/var/lib/dpkg/status.d/base", "/var/lib/dpkg/status.d/libssl")


def test_directories_are_not_claimed() -> None:
    inventory = cataloged(
        {
            STATUS: paragraph("p"),
            **package("p", {"/usr": None, "/usr/share": None, "/usr/share/p": None, "/usr/share/p/f": "f"}),
            "/usr/share/empty": DIRECTORY,
        },
        package("p", {"/usr": None, "/usr/share": None, "/usr/share/empty": None, "/usr/share/f": "f"}),
    )
    assert list(inventory.snapshots[0].claims) == ["/usr/share/p/f"]
    assert list(inventory.snapshots[1].claims) == ["/usr/share/f"]


def test_a_path_that_another_package_took_over_is_no_longer_claimed() -> None:
    files = package("old", {"/usr/kept": "k", "/usr/moved": "m"})
    files[f"{INFO}/old.list"] = "/.\n/usr/kept\n"
    inventory = cataloged({STATUS: paragraph("old"), **files})
    assert list(inventory.snapshots[-1].claims) == ["/usr/kept"]


def test_a_package_without_md5sums_says_nothing_about_its_paths() -> None:
    inventory = cataloged({STATUS: paragraph("p"), f"{INFO}/p.list": "/usr/bin/p\n"})
    assert inventory.snapshots[-1].claims == {"/usr/bin/p": (Claim("deb/p@1/amd64"),)}


def test_a_snapshot_for_each_layer_that_changed_the_database() -> None:
    first = {STATUS: paragraph("a"), **package("a", {"/usr/a": "a"})}
    second: dict[str, Content] = {"/srv/app": Program(b"app"), "/var/lib/dpkg/lock": ""}
    third = {STATUS: paragraph("a") + paragraph("b", "2"), **package("b", {"/usr/b": "b"})}
    fourth = {STATUS: paragraph("a", "1.1") + paragraph("b", "2")}
    fifth = {STATUS: paragraph("a", "1.1")}
    inventory = cataloged(first, second, third, fourth, fifth)
    told = [(shot.layer, [(p.id, p.layer) for p in shot.packages]) for shot in inventory.snapshots]
    assert told == [
        (0, [("deb/a@1/amd64", 0)]),
        (2, [("deb/a@1/amd64", 0), ("deb/b@2/amd64", 2)]),
        (3, [("deb/a@1.1/amd64", 3), ("deb/b@2/amd64", 2)]),
        (4, [("deb/a@1.1/amd64", 3)]),
    ]
    assert inventory.packages == inventory.snapshots[-1].packages


def test_a_version_that_comes_back_belongs_to_the_layer_that_brought_it_back() -> None:
    one, none = {STATUS: paragraph("a")}, {STATUS: paragraph("b")}
    inventory = cataloged(one, none, one)
    assert [(p.name, p.layer) for p in inventory.packages] == [("a", 2)]


def test_deleting_the_database_leaves_no_packages_and_no_claims() -> None:
    inventory = cataloged(
        {STATUS: paragraph("a"), **package("a", {"/usr/a": "a"})},
        {"/var/lib/dpkg": GONE},
    )
    assert inventory.packages == ()
    assert [len(shot.claims) for shot in inventory.snapshots] == [1, 0]


def test_unchanged_claims_are_the_same_objects_in_every_snapshot() -> None:
    first = {STATUS: paragraph("a"), **package("a", {"/usr/a": "a"})}
    second = {STATUS: paragraph("a") + paragraph("b"), **package("b", {"/usr/b": "b"})}
    one, two = cataloged(first, second).snapshots
    assert one.claims["/usr/a"] is two.claims["/usr/a"]
    assert one.packages[0] is two.packages[0]


def test_what_makes_no_sense_is_reported_and_the_rest_is_read() -> None:
    inventory = cataloged(
        {
            STATUS: paragraph("a")
            + "Package: nameless\nStatus: install ok installed\n\ngarbage\n"
            + paragraph("b"),
            **package("a", {"/usr/a": "a"}),
            f"{INFO}/b.list": "/usr/b\n",
            f"{INFO}/b.md5sums": "not a digest\n",
            "/var/lib/dpkg/diversions": "/one\n/two\n",
        }
    )
    assert [found.name for found in inventory.packages] == ["a", "b"]
    told = {(issue.subject, issue.lost_bytes > 0) for issue in inventory.issues}
    assert told == {
        (f"layer 0:{STATUS}", True),
        (f"layer 0:{INFO}/b.md5sums", True),
        ("layer 0:/var/lib/dpkg/diversions", True),
    }
    assert {issue.stage for issue in inventory.issues} == {"inventory"}


def test_a_database_beyond_the_limit_is_read_as_far_as_allowed() -> None:
    status = paragraph("a") + paragraph("b" * 500)
    with open_image_of({STATUS: status}) as view:
        inventory = catalog(view, Limits(database_bytes=len(paragraph("a"))))
    assert [found.name for found in inventory.packages] == ["a"]
    (issue,) = inventory.issues
    assert (issue.code, issue.lost_bytes) == ("limit", len(paragraph("b" * 500)))


def test_names_that_would_reach_a_terminal_are_made_printable() -> None:
    inventory = cataloged({STATUS: paragraph("evil\x1b[2J", "1\u202e2")})
    (found,) = inventory.packages
    assert found.name == "evil\\x1b[2J"
    assert found.version == "1\\u202e2"
    assert (found.id + found.purl).isprintable()


def test_the_database_may_lie_behind_a_link() -> None:
    inventory = cataloged(
        {
            "/var/lib/dpkg": Link("../../usr/lib/sysimage/dpkg"),
            "/usr/lib/sysimage/dpkg/status": paragraph("a"),
        },
        {"/usr/lib/sysimage/dpkg/status": paragraph("a", "2")},
    )
    assert [(p.version, p.layer) for p in inventory.packages] == [("2", 1)]


def test_a_version_on_several_lines_is_its_first_one() -> None:
    (found,) = cataloged({STATUS: "Package: p\nVersion: 1\n 2\nArchitecture: all\n"}).packages
    assert (found.id, found.version) == ("deb/p@1/all", "1")


def test_a_name_that_no_package_url_can_have() -> None:
    (found,) = cataloged({STATUS: paragraph("/")}).packages
    assert (found.name, found.purl) == ("/", "")
