"""The store gives what a digest names, however attempts before it ended and whoever else is at it."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.cancellation import Cancellation
from forensics.digests import sha256_digest
from forensics.errors import Cancelled, ForensicsError
from forensics.model.acquisition import AcquiredContent, Acquisition
from forensics.model.image import Blob
from forensics.store import Store, StoreMismatch, look_at

MOST = 1 << 30
CONTENT = b"one layer of an image " * 5000
DIGEST = sha256_digest(CONTENT)


def read(blob: Blob) -> bytes:
    return os.pread(blob.fd, blob.size + 1, blob.offset)


def put(store: Store, content: bytes) -> str:
    with store.receive(sha256_digest(content)) as receiving:
        receiving.write(content)
        return receiving.finish()[0]


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def blob_path(folder: Path, digest: str) -> Path:
    return folder / "blobs" / digest.replace(":", "/")


def partials(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "partial").iterdir())


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def run_beside(code: str, folder: Path, **options: object) -> subprocess.Popen[bytes]:
    """Another process with a store in `folder` as `store`, and the content as `content`, `digest`."""
    start = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from forensics.store import Store\n"
        f"content = {CONTENT[:22]!r} * 5000\n"
        f"digest = {DIGEST!r}\n"
        f"store = Store(Path(sys.argv[1]), most_bytes={MOST})\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", start + textwrap.dedent(code), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_what_was_received_is_found_by_its_digest(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store, store.receive(DIGEST) as receiving:
        assert store.find(DIGEST) is None
        receiving.write(CONTENT[:100])
        receiving.write(CONTENT[100:])
        digest, blob = receiving.finish(len(CONTENT))
        assert digest == DIGEST
        assert read(blob) == CONTENT
    with Store(tmp_path, most_bytes=MOST) as later:
        found = later.find(DIGEST)
        assert found is not None
        assert read(found) == CONTENT
        with pytest.raises(OSError, match="Bad file"):
            os.write(found.fd, b"changed")
    assert partials(tmp_path) == []


def test_a_sha512_digest_is_met_in_its_own_algorithm(tmp_path: Path) -> None:
    import hashlib

    digest = "sha512:" + hashlib.sha512(CONTENT).hexdigest()
    with Store(tmp_path, most_bytes=MOST) as store:
        with store.receive(digest) as receiving:
            receiving.write(CONTENT)
            assert receiving.finish()[0] == digest
        assert store.find(digest) is not None
        assert store.find(DIGEST) is None


def test_a_content_without_a_digest_gets_the_computed_one(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        for _ in range(2):
            with store.receive() as receiving:
                receiving.write(CONTENT)
                digest, blob = receiving.finish()
            assert digest == DIGEST
            assert read(blob) == CONTENT
    assert partials(tmp_path) == []


def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with Store(folder, most_bytes=MOST) as store:
        put(store, CONTENT)
        store.remember(Acquisition(), b"{}")
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(
    "digest", ["sha256:../../etc/passwd", "sha256:" + "A" * 64, "../x", "md5:" + "0" * 32]
)
def test_only_a_wellformed_digest_decides_a_path(tmp_path: Path, digest: str) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        assert store.find(digest) is None
        with pytest.raises(ValueError, match="not a known digest"):
            store.receive(digest)


def test_a_broken_attempt_is_resumed_where_it_stopped(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        with store.receive(DIGEST) as receiving:
            receiving.write(CONTENT[:1000])
        assert store.find(DIGEST) is None
        with store.receive(DIGEST) as receiving:
            assert receiving.offset == 1000
            receiving.write(CONTENT[1000:])
            assert read(receiving.finish()[1]) == CONTENT


def test_a_server_that_does_not_resume_begins_anew(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        with store.receive(DIGEST) as receiving:
            receiving.write(b"x" * 1000)
        with store.receive(DIGEST) as receiving:
            receiving.restart()
            assert receiving.offset == 0
            receiving.write(CONTENT)
            assert read(receiving.finish()[1]) == CONTENT


def test_an_attempt_without_a_digest_leaves_nothing(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        with store.receive() as receiving:
            receiving.write(CONTENT)
        assert partials(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "size"),
    [(CONTENT + b"!", None), (CONTENT, len(CONTENT) + 1), (CONTENT[:-1], None), (b"", None)],
)
def test_a_content_that_is_not_what_was_declared_is_dropped(
    tmp_path: Path, content: bytes, size: int | None
) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        with store.receive(DIGEST) as receiving:
            receiving.write(content)
            with pytest.raises(StoreMismatch):
                receiving.finish(size)
        assert store.find(DIGEST) is None
        assert partials(tmp_path) == []
        with store.receive(DIGEST) as receiving:
            assert receiving.offset == 0


def test_a_content_that_was_changed_on_disk_is_dropped_when_it_is_looked_for(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        put(store, CONTENT)
    path = blob_path(tmp_path, DIGEST)
    path.write_bytes(CONTENT[:-1] + b"?")
    with Store(tmp_path, most_bytes=MOST) as store:
        assert store.find(DIGEST) is None
        assert not path.exists()
        assert put(store, CONTENT) == DIGEST


def test_a_second_process_waits_and_finds_what_the_first_completed(tmp_path: Path) -> None:
    other = run_beside(
        """
        with store.receive(digest) as receiving:
            receiving.write(content[:10])
            print("receiving", flush=True)
            time.sleep(0.4)
            receiving.write(content[10:])
            receiving.finish()
        """,
        tmp_path,
    )
    assert first_line(other) == b"receiving"
    with Store(tmp_path, most_bytes=MOST) as store, store.receive(DIGEST) as receiving:
        assert receiving.complete is not None
        assert receiving.offset == len(CONTENT)
        receiving.write(b"is not needed")
        digest, blob = receiving.finish()
        assert (digest, read(blob)) == (DIGEST, CONTENT)
    assert other.wait() == 0, other.communicate()[1]


def test_two_threads_share_a_store(tmp_path: Path) -> None:
    results: list[bytes] = []

    def fetch() -> None:
        with store.receive(DIGEST) as receiving:
            for start in range(0, len(CONTENT), 1000):
                if receiving.complete is None:
                    receiving.write(CONTENT[start : start + 1000])
            results.append(read(receiving.finish()[1]))

    with Store(tmp_path, most_bytes=MOST) as store:
        threads = [threading.Thread(target=fetch) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [CONTENT] * 4


def test_waiting_for_another_process_ends_when_the_person_stops_it(tmp_path: Path) -> None:
    cancel = Cancellation()
    with (
        Store(tmp_path, most_bytes=MOST) as first,
        Store(tmp_path, most_bytes=MOST, cancel=cancel) as second,
        first.receive(DIGEST),
    ):
        threading.Timer(0.2, cancel.cancel).start()
        with pytest.raises(Cancelled):
            second.receive(DIGEST)


def test_a_killed_process_leaves_what_the_next_one_resumes(tmp_path: Path) -> None:
    other = run_beside(
        """
        receiving = store.receive(digest)
        receiving.write(content[:5000])
        print("half", flush=True)
        time.sleep(60)
        """,
        tmp_path,
    )
    assert first_line(other) == b"half"
    other.send_signal(signal.SIGKILL)
    other.wait()
    with Store(tmp_path, most_bytes=MOST) as store, store.receive(DIGEST) as receiving:
        assert receiving.offset == 5000
        receiving.write(CONTENT[5000:])
        assert read(receiving.finish()[1]) == CONTENT


def test_old_parts_and_parts_nobody_can_resume_go_when_the_store_is_opened(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST):
        pass
    old, young, unknown = (
        tmp_path / "partial" / name for name in ("sha256-" + "0" * 64, "sha256-" + "1" * 64, "unknown-killed")
    )
    for path in (old, young, unknown):
        path.write_bytes(b"part")
    age(old, 25 * 60 * 60)
    with Store(tmp_path, most_bytes=MOST):
        assert partials(tmp_path) == [young.name]


def test_a_part_that_is_being_received_stays_however_old(tmp_path: Path) -> None:
    with (
        Store(tmp_path, most_bytes=MOST) as store,
        store.receive(DIGEST) as known,
        store.receive() as unknown,
    ):
        for receiving in (known, unknown):
            receiving.write(CONTENT)
        for name in partials(tmp_path):
            age(tmp_path / "partial" / name, 90_000)
        with Store(tmp_path, most_bytes=MOST) as second:
            second.prune(0)
        assert len(partials(tmp_path)) == 2
        assert known.finish()[0] == unknown.finish()[0] == DIGEST


def _with_file_limit(bytes_: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))


def test_a_full_disk_is_one_line_and_the_next_run_goes_on(tmp_path: Path) -> None:
    code = """
        from forensics.errors import ForensicsError
        try:
            with store.receive(digest) as receiving:
                receiving.write(content)
        except ForensicsError as error:
            print(error.message, "|", error.hint)
        """
    other = run_beside(code, tmp_path, preexec_fn=_with_file_limit(8192))
    out, trouble = other.communicate()
    assert not trouble
    message, _, hint = out.decode().partition("|")
    assert "cannot be written: File too large" in message
    assert "forensics store prune" in hint
    with Store(tmp_path, most_bytes=MOST) as store, store.receive(DIGEST) as receiving:
        assert receiving.offset == 8192
        receiving.write(CONTENT[8192:])
        assert read(receiving.finish()[1]) == CONTENT


def test_a_record_that_does_not_fit_on_the_disk_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        before, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
            with pytest.raises(ForensicsError, match="cannot be written"):
                store.remember(Acquisition(reference="x"), b"{}")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (before, resource.RLIM_INFINITY))
        assert store.images() == ()
        assert list((tmp_path / "images").glob(".new*")) == []


def test_a_folder_that_cannot_be_made_or_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ForensicsError, match="cannot be written: Not a directory") as caught:
        Store(tmp_path / "file" / "store", most_bytes=MOST)
    assert "FORENSICS_STORE_DIR" in caught.value.hint


def test_a_read_only_folder_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with Store(folder, most_bytes=MOST):
        pass
    code = """
        import os, sys
        from pathlib import Path
        from forensics.errors import ForensicsError
        from forensics.store import Store
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        try:
            Store(Path(sys.argv[1]), most_bytes=1)
        except ForensicsError as error:
            print(error.message)
        """
    for path in (folder, *folder.iterdir()):
        path.chmod(0o555)
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(folder)], capture_output=True)
    assert b"cannot be written: Permission denied" in done.stdout, done.stderr


def contents(*digests: str) -> tuple[AcquiredContent, ...]:
    return tuple(AcquiredContent(digest=digest, size=1) for digest in digests)


def make_images(folder: Path) -> dict[str, str]:
    """Images a (oldest) to c with a layer of their own and one that all share, and a content of nobody."""
    layers = {name: name.encode() * 10_000 for name in ("a", "b", "c", "shared", "loose")}
    with Store(folder, most_bytes=MOST) as store:
        digests = {name: put(store, content) for name, content in layers.items()}
        for name in "abc":
            record = Acquisition(reference=name, contents=contents(digests[name], digests["shared"]))
            store.remember(record, b"{}")
        keys = {image.acquisition.reference: image.key for image in store.images()}
    for days, name in enumerate("cba"):
        age(folder / "images" / f"{keys[name]}.lease", (days + 1) * 86_400)
    age(blob_path(folder, digests["loose"]), 10 * 86_400)
    return digests


def there(folder: Path, digests: dict[str, str]) -> str:
    return " ".join(name for name, digest in digests.items() if blob_path(folder, digest).exists())


def test_an_image_comes_back_with_its_index_and_its_size(tmp_path: Path) -> None:
    make_images(tmp_path)
    with Store(tmp_path, most_bytes=MOST) as store:
        images = store.images()
    assert [image.acquisition.reference for image in images] == ["c", "b", "a"]
    assert images[0].index == b"{}"
    assert images[0].size == 10_000 + 60_000


def test_the_same_image_of_the_same_origin_is_kept_once(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        store.remember(Acquisition(reference="x", acquired="2026-01-01T00:00:00Z"), b"1")
        store.remember(Acquisition(reference="x", acquired="2026-01-02T00:00:00Z"), b"2")
        assert [(image.acquisition.acquired, image.index) for image in store.images()] == [
            ("2026-01-02T00:00:00Z", b"2")
        ]


@pytest.mark.parametrize(
    ("most", "left"),
    [
        (10**9, "a b c shared loose"),
        (90_000, "a b c shared"),
        (85_000, "b c shared"),
        (75_000, "c shared"),
        (1, ""),
    ],
)
def test_pruning_takes_the_longest_unused_and_keeps_what_others_need(
    tmp_path: Path, most: int, left: str
) -> None:
    digests = make_images(tmp_path)
    before = sum(path.stat().st_size for path in (tmp_path / "blobs").rglob("*") if path.is_file())
    with Store(tmp_path, most_bytes=MOST) as store:
        pruned = store.prune(most)
        assert there(tmp_path, digests) == left
        assert pruned.freed == before - pruned.kept
        assert pruned.kept == store.used_bytes() <= most
        assert pruned.held == 0


def test_what_a_live_process_holds_is_not_pruned(tmp_path: Path) -> None:
    digests = make_images(tmp_path)
    other = run_beside(
        f"""
        store.find({digests["loose"]!r})
        for image in store.images():
            if image.acquisition.reference == "a":
                store.remember(image.acquisition, image.index)
        print("held", flush=True)
        time.sleep(60)
        """,
        tmp_path,
    )
    assert first_line(other) == b"held"
    with Store(tmp_path, most_bytes=MOST) as store:
        pruned = store.prune(0)
        assert there(tmp_path, digests) == "a shared loose"
        assert [image.acquisition.reference for image in store.images()] == ["a"]
        assert pruned.held == pruned.kept == 120_000
        other.kill()
        other.wait()
        assert store.prune(0).kept == 0
        assert store.images() == ()


def test_receiving_makes_room_by_itself(tmp_path: Path) -> None:
    digests = make_images(tmp_path)
    with Store(tmp_path, most_bytes=145_000) as store:
        put(store, b"n" * 30_000)
        assert there(tmp_path, digests) == "a b c shared"
        assert store.used_bytes() <= 145_000


def test_receiving_more_than_the_store_may_hold_ends_with_a_way_out(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=50_000) as store:
        with store.receive(DIGEST) as receiving:
            receiving.write(CONTENT[:40_000])
            with pytest.raises(ForensicsError, match=r"may hold 50\.0 kB") as caught:
                receiving.write(CONTENT[40_000:])
        assert "--limit store_bytes" in caught.value.hint
        assert store.used_bytes() <= 50_000


@pytest.mark.parametrize("record", [b"", b"{}", b"[1]", b'{"acquisition": 3}', b"\xff" * 100])
def test_a_damaged_record_is_passed_over(tmp_path: Path, record: bytes) -> None:
    with Store(tmp_path, most_bytes=MOST) as store:
        (tmp_path / "images" / "0.json").write_bytes(record)
        assert store.images() == ()
        assert store.prune(0).kept == 0


def test_closing_lets_go_of_every_descriptor(tmp_path: Path) -> None:
    before = open_descriptors()
    with Store(tmp_path, most_bytes=MOST) as store:
        put(store, CONTENT)
        put(store, b"another")
        store.remember(Acquisition(), b"{}")
        with store.receive(sha256_digest(b"never")) as receiving:
            receiving.write(b"nev")
        with store.receive() as receiving:
            receiving.write(b"what")
    assert open_descriptors() == before


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "mine"))
    with Store(most_bytes=MOST) as store:
        assert store.folder == tmp_path / "mine"
    monkeypatch.delenv("FORENSICS_STORE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with Store(most_bytes=MOST) as store:
        assert store.folder == tmp_path / "cache" / "forensics" / "store"


def test_the_lock_of_the_store_is_free_while_something_is_received(tmp_path: Path) -> None:
    with Store(tmp_path, most_bytes=MOST) as store, store.receive(DIGEST) as receiving:
        receiving.write(CONTENT)
        with (tmp_path / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_two_processes_that_fill_a_store_keep_its_bound(tmp_path: Path) -> None:
    """Each measures again after every grant, a sixty-fourth of the bound; here both go on in turn."""
    most = 1_000_000
    with Store(tmp_path, most_bytes=most) as one, Store(tmp_path, most_bytes=most) as two:
        with one.receive() as first, two.receive() as second:

            def fill() -> None:
                for _ in range(100):
                    first.write(bytes(15_000))
                    second.write(bytes(15_000))

            with pytest.raises(ForensicsError, match="may hold"):
                fill()
        assert one.used_bytes() <= most + 2 * (most // 64)


def test_a_record_that_is_no_text_hides_no_other_and_is_named(tmp_path: Path) -> None:
    make_images(tmp_path)
    damaged = {
        "utf": b'{"acquisition":{"reference":"\xff"},"index":""}',
        "deep": b'{"acquisition":{"notes":' + b"[" * 100_000,
    }
    for name, content in damaged.items():
        (tmp_path / "images" / f"{name}.json").write_bytes(content)
    with Store(tmp_path, most_bytes=MOST) as store:
        assert len(store.images()) == 3
        assert store.prune().kept > 0
    found = look_at(tmp_path)
    assert len(found.images) == 3
    assert sorted(path.stem for path in found.unreadable) == ["deep", "utf"]


def test_records_that_were_never_finished_go_after_a_day(tmp_path: Path) -> None:
    Store(tmp_path, most_bytes=MOST).close()
    old, new = (tmp_path / "images" / f".new-{name}" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"{")
    age(old, 2 * 24 * 60 * 60)
    Store(tmp_path, most_bytes=MOST).close()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_record_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        done.append("sync")
        sync(descriptor)

    def replaced(path: Path, target: Path) -> Path:
        done.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    with Store(tmp_path, most_bytes=MOST) as store:
        store.remember(Acquisition(reference="one"), b"{}")
    assert done == ["sync", "name", "sync"]
