"""`layers`, `ls`, `cat` and `extract` over one small image."""

from __future__ import annotations

import hashlib
import importlib
import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forensics.model.report import ReportLayer
from tests.image_archives import docker_save
from tests.layered_images import Link, layer_tar
from tests.unit.cli.conftest import ESCAPE_NAME, PROGRAM_BYTES

Run = Callable[..., Any]


def test_layers_as_a_table(run: Run, small_image: Path) -> None:
    ran = run("layers", small_image)
    assert (ran.code, ran.errors) == (0, "")
    heading, *rows = [line.split() for line in ran.text.splitlines()]
    assert heading[:3] == ["#", "size", "entries"]
    assert [row[0] for row in rows] == ["0", "1", "2"]
    assert [row[3] for row in rows] == ["9", "2", "3"]
    assert all("yes" in row for row in rows)
    assert [row[-3:] for row in rows] == [["COPY", str(number), "/"] for number in range(3)]


def test_layers_as_json_are_the_rows_of_the_report(run: Run, small_image: Path) -> None:
    rows = msgspec.json.decode(run("layers", small_image, "--json").output, type=list[ReportLayer])
    assert [(row.index, row.entries, row.added, row.modified, row.deleted) for row in rows] == [
        (0, 9, 9, 0, 0),
        (1, 2, 1, 1, 0),
        (2, 3, 2, 0, 2),
    ]
    assert all(row.verified for row in rows)
    assert set(json.loads(run("layers", small_image, "--json").output)[0]) == set(
        ReportLayer.__struct_fields__
    )


def test_ls_shows_the_finished_image(run: Run, small_image: Path) -> None:
    ran = run("ls", small_image)
    assert ran.code == 0
    paths = [line.split()[-1] for line in ran.text.splitlines()]
    assert "/gone" not in paths
    assert "/odd/\\x1b[2J\\xff.txt" in paths
    (tool,) = [line for line in ran.text.splitlines() if line.endswith("/tool")]
    assert tool == "-rwsr-xr-x 0:0                10 2023-11-14 22:13 visible          1 /usr/bin/tool"
    (link,) = [line for line in ran.text.splitlines() if "/etc/link" in line]
    assert link.endswith("/etc/link -> motd")
    assert link.startswith("lrw")


def test_ls_of_one_layer_shows_what_it_deletes(run: Run, small_image: Path) -> None:
    lines = run("ls", small_image, "--layer", "2").text.splitlines()
    assert [line.split()[5] for line in lines] == ["visible", "visible", "whiteout"]
    assert lines[-1].endswith(" /gone")


def test_ls_of_all_versions_says_what_became_of_each(run: Run, small_image: Path) -> None:
    lines = run("ls", small_image, "/usr/bin/tool", "--all-versions").text.splitlines()
    assert [line.split()[5:] for line in lines] == [
        ["overwritten:1", "0", "/usr/bin/tool"],
        ["visible", "1", "/usr/bin/tool"],
    ]
    assert "deleted:2" in run("ls", small_image, "/gone/secret", "--all-versions").text


def test_ls_tells_apart_what_looks_alike(run: Run, tmp_path: Path) -> None:
    image = tmp_path / "alike.tar"
    names = ("/tmp/x", "/tmp/x ", "/tmp/caf\u00e9", "/tmp/cafe\u0301")
    layer = {name: f"content of {name}" for name in names} | {"/tmp/y": Link("x ")}
    image.write_bytes(docker_save([layer_tar(layer)]))
    shown = [line.partition(" 0 /")[2] for line in run("ls", image).text.splitlines()]
    assert sorted(shown) == sorted(
        ["tmp/x", "tmp/x\\x20", "tmp/caf\u00e9", "tmp/cafe\\u0301", "tmp/y -> x\\x20"]
    )
    assert run("cat", image, "/tmp/x\\x20").text == "content of /tmp/x "
    assert run("cat", image, "/tmp/cafe\\u0301").text == "content of /tmp/cafe\u0301"
    assert run("cat", image, "/tmp/x").text == "content of /tmp/x"
    rows = json.loads(run("ls", image, "--json").output)
    assert {row["path"] for row in rows} == {*names, "/tmp/y"}


def test_ls_as_json_has_every_key_and_the_exact_path(run: Run, small_image: Path) -> None:
    (row,) = json.loads(run("ls", small_image, ESCAPE_NAME, "--json").output)
    assert row["path"] == "/odd/\\x1b[2J\\xff.txt"
    assert row["path_base64"] == "L29kZC8bWzJK/y50eHQ="
    assert row["sha256"] == hashlib.sha256(b"odd\n").hexdigest()
    assert (row["state"], row["kind"], row["size"], row["mode"]) == ("visible", "regular", 4, 0o644)
    rows = json.loads(run("ls", small_image, "--json").output)
    assert all(set(other) == set(row) for other in rows)


def test_ls_of_nothing(run: Run, small_image: Path) -> None:
    ran = run("ls", small_image, "/absent")
    assert (ran.code, ran.output) == (2, b"")
    assert "error: there is no /absent" in ran.errors
    assert run("ls", small_image, "--layer", "9").code == 2


def test_cat_writes_exactly_the_bytes(run: Run, small_image: Path) -> None:
    assert run("cat", small_image, "/etc/link").output == b"good morning\n"
    assert run("cat", small_image, "/bin/tool").output == b"#!/bin/sh\n"
    assert run("cat", small_image, "/usr/bin/tool", "--layer", "0").output == PROGRAM_BYTES
    assert run("cat", small_image, "/gone/secret", "--layer", "0").output == b"password\n"


def test_links_are_followed_for_a_layer_and_for_all_versions(run: Run, small_image: Path) -> None:
    ran = run("cat", small_image, "/bin/tool", "--layer", "0")
    assert (ran.code, ran.output) == (0, PROGRAM_BYTES)
    note = "note: /bin/tool leads to /usr/bin/tool\n"
    ran = run("ls", small_image, "/bin/tool", "--all-versions")
    assert [line.split()[5:] for line in ran.text.splitlines()] == [
        ["overwritten:1", "0", "/usr/bin/tool"],
        ["visible", "1", "/usr/bin/tool"],
    ]
    assert ran.errors == note
    ran = run("ls", small_image, "/bin/tool", "--layer", "0")
    assert (ran.text.split()[-1], ran.errors) == ("/usr/bin/tool", note)
    assert run("ls", small_image, "/usr/bin/tool", "--layer", "0").errors == ""
    assert run("ls", small_image, "/bin", "--all-versions").errors == ""


def test_cat_points_to_the_layer_of_a_deleted_file(run: Run, small_image: Path) -> None:
    ran = run("cat", small_image, "/gone/secret")
    assert (ran.code, ran.output) == (2, b"")
    assert "--layer 0 deleted by layer 2" in ran.errors


def test_cat_tells_of_what_a_layer_does_not_hold(run: Run, tmp_path: Path) -> None:
    image = tmp_path / "cut.tar"
    image.write_bytes(docker_save([layer_tar({"/a": b"a" * 5000})[: 512 + 4999]]))
    ran = run("cat", image, "/a")
    assert (ran.code, ran.output) == (4, b"a" * 4999)
    assert ran.errors == "note: the layer ends 1 byte before the file does\n"


def test_a_file_too_long_for_a_terminal_is_told_with_its_size(
    run: Run, small_image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("forensics.cli.commands.cat")
    monkeypatch.setattr(module, "_TERMINAL_BYTES", 1000)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    ran = run("cat", small_image, "/usr/bin/tool", "--layer", "0")
    assert (ran.code, ran.output) == (2, b"")
    assert "error: /usr/bin/tool is too long for a terminal: 2.3 kB\n" in ran.errors


def test_cat_in_hexadecimal_is_what_hexdump_writes(
    run: Run, small_image: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    hexdump = tool("hexdump")
    raw = tmp_path / "raw"
    content = bytes(range(256)) + b"tail"
    raw.write_bytes(content)
    expected = subprocess.run([hexdump, "-v", "-C", raw], capture_output=True, check=True).stdout
    from forensics.cli.commands.cat import _hex_lines

    assert "\n".join(_hex_lines(iter([content]))) + "\n" == expected.decode()
    ran = run("cat", small_image, "/etc/motd", "--hex")
    assert ran.text.splitlines()[0] == (
        "00000000  67 6f 6f 64 20 6d 6f 72  6e 69 6e 67 0a           |good morning.|"
    )
    assert ran.text.splitlines()[-1] == "0000000d"


def test_extract_names_evidence_after_its_digest_only(run: Run, small_image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    ran = run("extract", small_image, "/", "--all-versions", "--to", folder)
    assert ran.code == 0, ran.errors
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = {(row["layer"], row["path"]): row for row in manifest["files"]}
    assert manifest["image"]["reference"] == str(small_image)
    assert len(rows) == 13
    for row in rows.values():
        if row["file"]:
            content = (folder / row["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"] == row["file"]
            assert len(content) == row["size"]
    assert (folder / rows[0, "/usr/bin/tool"]["file"]).read_bytes() == PROGRAM_BYTES
    assert rows[0, "/usr/bin/tool"]["state"] == "overwritten"
    assert rows[1, "/usr/bin/tool"]["mode"] == "4755"
    assert rows[0, "/gone/secret"]["changed_by_layer"] == 2
    assert rows[0, "/etc/link"]["link"] == "motd"
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.name == "manifest.json" or len(path.name) == 64


def test_extract_takes_folders_and_follows_links(run: Run, small_image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "evidence"
    ran = run("extract", small_image, "/bin", "/etc/link", "--to", folder)
    assert ran.code == 0, ran.errors
    rows = json.loads((folder / "manifest.json").read_text())["files"]
    assert [row["path"] for row in rows] == ["/bin", "/etc/link", "/etc/motd", "/usr/bin", "/usr/bin/tool"]
    assert ran.errors == f"2 of 5 entries have content, see {folder}/manifest.json\n"
    again = run("extract", small_image, "/bad.txt", "--to", folder)
    assert again.code == 0
    assert again.errors == f"1 of 1 entry has content, see {folder}/manifest.json\n"
    assert len(json.loads((folder / "manifest.json").read_text())["files"]) == 6


def test_extract_overwrites_nothing(run: Run, small_image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "mine").write_text("mine")
    ran = run("extract", small_image, "/etc", "--to", folder)
    assert ran.code == 2
    assert "is not empty" in ran.errors
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert run("extract", small_image, "/etc", "--to", small_image).code == 2
    assert run("extract", small_image, "/absent", "--to", tmp_path / "x").code == 2
    assert not (tmp_path / "x").exists()
    assert run("extract", small_image, "/etc").code == 2


def test_extract_never_writes_into_the_evidence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
    ran = run("extract", f"rootfs:{tmp_path}", "/etc", "--to", tmp_path / "evidence")
    assert ran.code == 2
    assert "never changed" in ran.errors
    assert [path.name for path in tmp_path.iterdir()] == ["etc"]
