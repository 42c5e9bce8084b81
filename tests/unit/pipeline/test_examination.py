"""Contents go through real worker processes; what kills one costs itself alone."""

from __future__ import annotations

import hashlib
import os
import select
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import msgspec
import pytest

from forensics.cancellation import Cancellation
from forensics.errors import Cancelled
from forensics.limits import DEFAULT, MIB, Limits
from forensics.model.facts import FileFacts
from forensics.model.files import Content, Entry, FileKind, LayerIndex, Segment
from forensics.model.image import Blob
from forensics.pipeline.cache import FactsCache
from forensics.pipeline.events import Event, FactsLearnt, Progress
from forensics.pipeline.examination import ContentExamination
from forensics.pipeline.pool import Task, WorkerPool, WrongAnswer
from forensics.pipeline.protocol import (
    Advanced,
    Answer,
    AttachLayer,
    ContentTask,
    DigestContent,
    Digested,
    ExamineContents,
    Examined,
    Hello,
)

SLOW_RULE = """
rule slow {
  condition:
    for all i in (0..filesize) : ( for all j in (0..filesize) : ( uint8(i) != 1 or j < 0 ) )
}
"""


class Bench:
    """Two workers over one layer file whose contents the test writes."""

    def __init__(self, folder: Path, rules: tuple[str, ...] = (), limits: Limits | None = None) -> None:
        self.path = folder / "layer"
        self.path.touch()
        self.limits = limits or Limits()
        self.cancel = Cancellation()
        self.pool = WorkerPool(2, Hello(self.limits, rules), self.cancel)
        self.contents: dict[str, Content] = {}
        self.events: list[Event] = []
        self.descriptor = -1

    def add(self, content: bytes) -> str:
        offset = self.path.stat().st_size
        with self.path.open("ab") as file:
            file.write(content)
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = Content(0, offset, len(content), (), digest)
        return digest

    def attach(self) -> None:
        self.descriptor = os.open(self.path, os.O_RDONLY)
        self.pool.attach(AttachLayer(0, 0, self.path.stat().st_size), self.descriptor)

    def examine(self, cache: FactsCache | None = None, wanted: dict[str, frozenset[str]] | None = None):
        return self.examination(cache).run(self.contents, wanted or {})

    def examination(self, cache: FactsCache | None = None) -> ContentExamination:
        return ContentExamination(self.pool, cache, self.limits, self.events.append)

    def layers(self) -> tuple[LayerIndex, ...]:
        entries = tuple(
            Entry(
                path=f"/{number}",
                kind=FileKind.REGULAR,
                size=content.size,
                header_offset=0,
                data_offset=content.data_offset,
                stored=content.size,
                sha256=content.sha256,
            )
            for number, content in enumerate(self.contents.values())
        )
        blob = Blob(self.descriptor, 0, self.path.stat().st_size)
        return (LayerIndex(index=0, blob=blob, entries=entries),)

    def close(self) -> None:
        self.pool.close()
        if self.descriptor >= 0:
            os.close(self.descriptor)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def large(number: int) -> bytes:
    """One of those contents that are examined alone."""
    return f"content {number}\n".encode() * (9 * MIB // 10)


def told(bench: Bench) -> list[str]:
    return [fact.sha256 for event in bench.events if isinstance(event, FactsLearnt) for fact in event.facts]


def test_every_content_is_examined_once_with_the_digests_that_were_wanted(bench: Bench) -> None:
    texts = [f"#!/bin/sh\necho {number}\n".encode() for number in range(700)]
    digests = [bench.add(text) for text in texts]
    bench.attach()
    facts = bench.examine(wanted={digests[0]: frozenset({"md5", "sha1"})})
    assert set(facts) == set(digests)
    assert facts[digests[0]].md5 == hashlib.md5(texts[0]).hexdigest()
    assert facts[digests[0]].sha1 == hashlib.sha1(texts[0]).hexdigest()
    assert facts[digests[1]].md5 == ""
    assert {each.type for each in facts.values()} == {"script"}
    assert sorted(told(bench)) == sorted(digests)
    last = [event for event in bench.events if isinstance(event, Progress)][-1]
    assert last.done == last.total == sum(map(len, texts))


def test_a_sparse_content_is_put_together_from_its_segments(bench: Bench) -> None:
    bench.add(b"\x7fELF")
    tail = bench.path.stat().st_size
    bench.add(b"tail")
    logical = b"\x7fELF" + bytes(96) + b"tail"
    digest = hashlib.sha256(logical).hexdigest()
    bench.contents = {
        digest: Content(0, 0, 104, (Segment(0, 0, 4), Segment(100, tail, 4)), digest),
    }
    bench.attach()
    facts = bench.examine(wanted={digest: frozenset({"md5"})})
    assert facts[digest].md5 == hashlib.md5(logical).hexdigest()


def test_a_content_whose_bytes_vanish_costs_itself_alone(bench: Bench) -> None:
    kept = [bench.add(f"kept {number}\n".encode() * 2000) for number in range(20)]
    lost = bench.add(b"gone" * 100_000)
    bench.attach()
    # The evidence shrinks under the running analysis: reading beyond its end kills a worker (SIGBUS).
    os.truncate(bench.path, bench.contents[lost].data_offset)
    facts = bench.examine()
    assert set(facts) == {*kept, lost}
    assert [issue.code for issue in facts[lost].issues] == ["truncated"]
    assert facts[lost].lost_bytes == 400_000
    assert facts[lost].size == 400_000
    assert not any(facts[digest].issues for digest in kept)


def test_a_content_that_kills_every_worker_costs_itself_alone(tmp_path: Path) -> None:
    # An address space too small for this one mapping's copy stands for whatever a parser may die of.
    bench = Bench(tmp_path, limits=Limits(scan_bytes=1 << 62))
    kept = bench.add(b"kept")
    digest = "0" * 64
    bench.contents[digest] = Content(0, 0, 1 << 61, (Segment(0, 0, 4),), digest)
    try:
        bench.attach()
        facts = bench.examine()
    finally:
        bench.close()
    assert [issue.code for issue in facts[digest].issues] == ["worker-died"]
    assert facts[digest].lost_bytes == 1 << 61
    assert not facts[kept].issues


def test_a_content_that_holds_a_worker_too_long_is_given_up(tmp_path: Path) -> None:
    rule = tmp_path / "slow.yar"
    rule.write_text(SLOW_RULE)
    bench = Bench(tmp_path, (str(rule),), Limits(file_seconds=1, match_seconds=60))
    try:
        slow = bench.add(os.urandom(4 * MIB).replace(b"\x01", b"\x02"))
        quick = bench.add(b"\x01")
        bench.attach()
        facts = bench.examine()
    finally:
        bench.close()
    assert "time limit" in facts[slow].issues[0].message
    assert not facts[quick].issues


def test_killed_workers_are_replaced(bench: Bench) -> None:
    digests = [bench.add(os.urandom(200_000)) for _ in range(60)]
    bench.attach()
    bench.pool.start()
    victims = [process.child.pid for process in bench.pool._processes]
    threading.Timer(0.15, lambda: [os.kill(pid, signal.SIGKILL) for pid in victims[:1]]).start()
    facts = bench.examine()
    assert set(facts) == set(digests)


def test_cancelling_ends_the_work_and_the_workers(bench: Bench) -> None:
    for _ in range(40):
        bench.add(os.urandom(2 * MIB))
    bench.attach()
    threading.Timer(0.3, bench.cancel.cancel).start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        bench.examine()
    assert time.monotonic() - begun < 2
    children = [process.child for process in bench.pool._processes]
    bench.pool.close()
    assert all(child.poll() is not None for child in children)


def test_the_cache_answers_for_contents_seen_before(bench: Bench, tmp_path: Path) -> None:
    digest = bench.add(b"#!/bin/sh\necho hello\n")
    bench.attach()
    first = bench.examine(FactsCache("signatures", tmp_path / "cache"))
    bench.pool.close()
    bench.pool = WorkerPool(1, Hello(bench.limits), bench.cancel)
    again = bench.examine(FactsCache("signatures", tmp_path / "cache"))
    assert again == first
    assert not bench.pool._processes, "no worker was needed"
    assert not FactsCache("others", tmp_path / "cache").load({digest: frozenset()})
    narrow = msgspec.structs.replace(DEFAULT, nested_kept=1)
    assert not FactsCache("signatures", tmp_path / "cache", limits=narrow).load({digest: frozenset()})
    assert not FactsCache("signatures", tmp_path / "cache").load({digest: frozenset({"md5"})})


def test_what_the_cache_answers_counts_as_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    often, never = (FileFacts(sha256=digit * 64, size=1, type="data") for digit in "ab")
    monkeypatch.setattr("forensics.pipeline.cache._MOST_ROWS", 1)
    monkeypatch.setattr("forensics.pipeline.cache.time.time", lambda: 1_000_000.0)
    cache = FactsCache("signatures", tmp_path)
    cache.save((often, never))
    monkeypatch.setattr("forensics.pipeline.cache.time.time", lambda: 2_000_000.0)
    assert cache.load({often.sha256: frozenset()}) == {often.sha256: often}
    cache.close()
    wanted = {each.sha256: frozenset[str]() for each in (often, never)}
    assert set(FactsCache("signatures", tmp_path).load(wanted)) == {often.sha256}


@pytest.mark.parametrize("damage", ["garbage", "a file where the folder should be"])
def test_an_unusable_cache_only_costs_speed(bench: Bench, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "cache"
    if damage == "garbage":
        folder.mkdir()
        (folder / "facts.sqlite").write_bytes(b"not a database" * 100)
    else:
        folder.write_text("in the way")
    digest = bench.add(b"content")
    bench.attach()
    assert digest in bench.examine(FactsCache("signatures", folder))


def test_what_was_begun_gets_its_digests_when_it_is_known_which_are_wanted(bench: Bench) -> None:
    first, second, small = bench.add(large(1)), bench.add(large(2)), bench.add(b"small")
    bench.attach()
    wanted = {first: frozenset({"md5", "sha1"}), small: frozenset({"md5"})}
    examination = bench.examination()
    examination.begin(bench.layers())
    assert all(process.task for process in bench.pool._processes)
    facts = examination.run(bench.contents, wanted)
    assert facts[first].md5 == hashlib.md5(large(1)).hexdigest()
    assert facts[first].sha1 == hashlib.sha1(large(1)).hexdigest()
    assert (facts[second].md5, facts[small].md5) == ("", hashlib.md5(b"small").hexdigest())
    assert sorted(told(bench)) == sorted((first, second, small))
    assert facts == bench.examine(wanted=wanted), "whether it was begun makes no difference"


def test_workers_that_end_after_the_beginning_cost_nothing(bench: Bench) -> None:
    digests = [bench.add(large(number)) for number in range(5)]
    bench.attach()
    examination = bench.examination()
    examination.begin(bench.layers())
    for process in bench.pool._processes:
        os.kill(process.child.pid, signal.SIGKILL)
    facts = examination.run(bench.contents, {digests[0]: frozenset({"md5"})})
    assert set(facts) == set(digests)
    assert facts[digests[0]].md5 == hashlib.md5(large(0)).hexdigest()
    assert sorted(told(bench)) == sorted(digests)


def test_a_content_that_vanishes_before_its_digest_is_known_keeps_its_other_facts(bench: Bench) -> None:
    digest = bench.add(large(1))
    bench.attach()
    examination = bench.examination()
    examination.begin(bench.layers())
    (channel,) = (process.channel for process in bench.pool._processes)
    assert select.select([channel], [], [], 60)[0], "the first answer is there"
    os.truncate(bench.path, 0)
    facts = examination.run(bench.contents, {digest: frozenset({"md5"})})
    assert (facts[digest].md5, facts[digest].type) == ("", "text")
    assert told(bench) == [digest]


def test_a_worker_that_comes_when_the_content_is_gone_gives_no_digest_of_the_rest(bench: Bench) -> None:
    digest = bench.add(large(1))
    bench.attach()
    os.truncate(bench.path, 5)
    request = DigestContent(ContentTask(0, 0, len(large(1)), digest, ("md5",)))
    answers: list[Answer] = []

    def heard(_task: Task, answer: Answer) -> bool:
        answers.append(answer)
        return True

    bench.pool.run(deque([Task(request)]), heard, lambda _task, how: pytest.fail(how))
    assert answers == [Digested(digest, {"md5": ""})]


def test_nothing_is_begun_that_the_cache_knows(bench: Bench, tmp_path: Path) -> None:
    digest = bench.add(large(1))
    bench.attach()
    first = bench.examine(FactsCache("signatures", tmp_path / "cache"))
    bench.pool.close()
    bench.pool = WorkerPool(1, Hello(bench.limits), bench.cancel)
    examination = bench.examination(FactsCache("signatures", tmp_path / "cache"))
    examination.begin(bench.layers())
    assert examination.run(bench.contents, {}) == first
    assert not bench.pool._processes, "no worker was needed"
    bench.attach()
    again = bench.examination(FactsCache("signatures", tmp_path / "cache"))
    again.begin(bench.layers())
    assert (
        again.run(bench.contents, {digest: frozenset({"md5"})})[digest].md5
        == hashlib.md5(large(1)).hexdigest()
    )


def test_what_was_begun_but_is_no_file_of_the_image_is_not_told_of(bench: Bench) -> None:
    kept, left = bench.add(large(1)), bench.add(large(2))
    bench.attach()
    examination = bench.examination()
    examination.begin(bench.layers())
    del bench.contents[left]
    assert set(examination.run(bench.contents, {})) == {kept}
    assert told(bench) == [kept]


class TestAnswers:
    """A worker that hostile bytes took over may say anything; it is believed about what it was asked."""

    @pytest.fixture
    def examination(self, bench: Bench, tmp_path: Path) -> ContentExamination:
        bench.add(b"first")
        bench.add(b"second")
        return bench.examination(FactsCache("signatures", tmp_path / "cache"))

    def task(self, bench: Bench) -> Task:
        asked = tuple(ContentTask(0, 0, each.size, each.sha256, ("md5",)) for each in bench.contents.values())
        return Task(ExamineContents(asked))

    @pytest.mark.parametrize(
        "answer",
        [
            Examined((FileFacts(sha256="0" * 64, size=1, type="data"),), last=False),
            Examined((), last=True),
            Digested("0" * 64, {"md5": "0" * 32}),
            Advanced(1),
        ],
    )
    def test_what_it_was_not_asked_is_refused_and_not_remembered(
        self, bench: Bench, examination: ContentExamination, tmp_path: Path, answer: Answer
    ) -> None:
        with pytest.raises(WrongAnswer):
            examination._answered(self.task(bench), answer)
        assert not bench.events
        assert not examination._unsaved

    def test_digests_fill_no_other_field_of_the_facts(
        self, bench: Bench, examination: ContentExamination
    ) -> None:
        content = self.task(bench).request.contents[0]  # type: ignore[union-attr]
        with pytest.raises(WrongAnswer):
            examination._answered(
                Task(DigestContent(content)), Digested(content.sha256, {"md5": "", "type": "text"})
            )

    def test_the_process_is_replaced(self, bench: Bench) -> None:
        bench.add(b"content")
        bench.attach()
        (content,) = self.task(bench).request.contents  # type: ignore[union-attr]
        deaths: list[str] = []

        def refuse(_task: Task, _answer: Answer) -> bool:
            raise WrongAnswer

        bench.pool.run(deque([Task(DigestContent(content))]), refuse, lambda _task, how: deaths.append(how))
        assert deaths == ["the worker process answered what it was not asked"]
        assert not bench.pool._processes

    def test_what_nobody_answered_is_told_with_its_size(
        self, bench: Bench, examination: ContentExamination
    ) -> None:
        bench.attach()
        with mock.patch.object(bench.pool, "run"):
            facts = examination.run(bench.contents, {})
        assert {each.lost_bytes for each in facts.values()} == {5, 6}
        assert {issue.code for each in facts.values() for issue in each.issues} == {"worker-died"}
