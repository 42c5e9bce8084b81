"""The files beside dpkg's status file."""

from __future__ import annotations

from forensics.parsers.dpkgdb import (
    Conffile,
    Diversion,
    parse_conffiles_field,
    parse_diversions,
    parse_md5sums,
    parse_path_list,
)

MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def test_a_list_names_paths_and_the_root_is_none() -> None:
    assert parse_path_list(b"/.\n/usr\n/usr/bin\n/usr/bin/a b\n") == ("/usr", "/usr/bin", "/usr/bin/a b")


def test_conffiles_may_be_flagged_for_removal() -> None:
    assert parse_path_list(b"/etc/a\nremove-on-upgrade /etc/b\n") == ("/etc/a", "/etc/b")


def test_paths_are_brought_into_one_form() -> None:
    assert parse_path_list(b"//usr//bin/../lib/./x\nusr/y\n") == ("/usr/lib/x", "/usr/y")


def test_md5sums_are_relative_to_the_root() -> None:
    read = parse_md5sums(f"{MD5}  usr/bin/a b\n{MD5.upper()} *./etc/c\n".encode())
    assert read.md5 == {"/usr/bin/a b": MD5, "/etc/c": MD5}
    assert read.lost_bytes == 0


def test_lines_that_are_no_md5sums_are_counted() -> None:
    read = parse_md5sums(b"xyz  usr/bin/a\n" + MD5.encode() + b"  usr/b\n" + MD5[:-1].encode() + b"  usr/c\n")
    assert read.md5 == {"/usr/b": MD5}
    assert read.lost_bytes == len("xyz  usr/bin/a") + len(MD5[:-1] + "  usr/c")


def test_the_conffiles_field() -> None:
    value = (
        f"/etc/a {MD5}\n/etc/with space {MD5} obsolete\n/etc/new newconffile\n"
        f"/etc/gone {MD5} remove-on-upgrade\n"
    )
    assert parse_conffiles_field(value) == (
        Conffile("/etc/a", MD5),
        Conffile("/etc/with space", MD5),
        Conffile("/etc/new"),
        Conffile("/etc/gone", MD5),
    )


def test_what_is_no_path_in_the_conffiles_field_is_left_out() -> None:
    assert parse_conffiles_field("nonsense\n\n  \n") == ()


def test_diversions_come_in_threes() -> None:
    read = parse_diversions(b"/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.real\n:\n/left\n/over\n")
    assert read.diversions == (
        Diversion("/bin/sh", "/bin/sh.distrib", "dash"),
        Diversion("/usr/bin/x", "/usr/bin/x.real", ""),
    )
    assert read.lost_bytes == len(b"/left/over")
