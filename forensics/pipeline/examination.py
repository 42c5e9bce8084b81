"""Every distinct content of an image goes once through the workers, or comes from the cache."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

import msgspec

from forensics.layers import ImageView, content_of
from forensics.limits import MIB, Limits
from forensics.model.facts import FileFacts
from forensics.model.files import Content, FileKind, LayerIndex
from forensics.model.issues import Issue
from forensics.pipeline import protocol
from forensics.pipeline.cache import FactsCache
from forensics.pipeline.events import FactsLearnt, Listener, Progress, Stage
from forensics.pipeline.pool import KILLED, Task, WorkerPool, WrongAnswer

_BATCH_BYTES = 8 * MIB
_BATCH_FILES = 256
_BEGIN_BYTES = 160 * MIB
"""For one worker, about what it examines while package databases are read."""
_NONE: frozenset[str] = frozenset()


OnFacts = Callable[[Sequence[FileFacts]], None]


def _ignore(_facts: Sequence[FileFacts]) -> None:
    """For whoever wants the facts at the end only."""


def distinct_contents(view: ImageView) -> dict[str, Content]:
    """Every content of every version of every file, and of hidden bytes, by hex SHA-256."""
    contents: dict[str, Content] = {}
    for version in view.all_versions():
        if version.content is not None and version.content.sha256:
            contents.setdefault(version.content.sha256, version.content)
    for hidden in view.hidden:
        contents.setdefault(hidden.content.sha256, hidden.content)
    return contents


class ContentExamination:
    """Examines contents in worker processes; the file that kills a worker costs itself alone."""

    def __init__(
        self,
        pool: WorkerPool,
        cache: FactsCache | None,
        limits: Limits,
        listen: Listener,
    ) -> None:
        self._pool = pool
        self._cache = cache
        self._limits = limits
        self._listen = listen
        self._contents: Mapping[str, Content] = {}
        self._wanted: Mapping[str, frozenset[str]] = {}
        self._on_facts: OnFacts = _ignore
        self._queue: deque[Task] = deque()
        self._begun: frozenset[str] = frozenset()
        self._facts: dict[str, FileFacts] = {}
        self._undigested: dict[str, FileFacts] = {}
        self._unsaved: list[FileFacts] = []
        self._killed: set[str] = set()
        self._done = 0
        self._total = 0

    def begin(self, layers: Iterable[LayerIndex]) -> None:
        """Give every worker some of the largest contents and return at once; `run` goes on from there.

        So the workers are busy while the layers are overlaid and it is found out which digests are wanted.
        """
        large = {
            entry.sha256: content_of(layer.index, entry)
            for layer in layers
            for entry in layer.entries
            if entry.size >= _BATCH_BYTES and entry.sha256 and entry.kind is FileKind.REGULAR
        }
        known = self._cache.load(dict.fromkeys(large, _NONE)) if self._cache else {}
        largest = sorted(
            (content for sha256, content in large.items() if sha256 not in known),
            key=lambda content: (-content.size, content.sha256),
        )
        shares = [_up_to(_BEGIN_BYTES, largest[one :: self._pool.jobs]) for one in range(self._pool.jobs)]
        self._begun = frozenset(content.sha256 for share in shares for content in share)
        self._queue.extend(
            Task(protocol.ExamineContents(tuple(_task(content, _NONE) for content in share)))
            for share in shares
            if share
        )
        self._pool.begin(self._queue, self._died)

    def run(
        self,
        contents: Mapping[str, Content],
        wanted: Mapping[str, frozenset[str]],
        on_facts: OnFacts = _ignore,
    ) -> dict[str, FileFacts]:
        """Facts by hex SHA-256; `wanted` names the further digests that claims need.

        `on_facts` hears of them as they come, each once: it has time while the workers are busy.
        """
        self._contents, self._wanted, self._on_facts = contents, wanted, on_facts
        self._total = sum(content.size for content in contents.values())
        rest = {sha256: wanted.get(sha256, _NONE) for sha256 in contents if sha256 not in self._begun}
        if self._cache:
            self._take(tuple(self._cache.load(rest).values()))
        tasks = [
            _task(contents[sha256], digests) for sha256, digests in rest.items() if sha256 not in self._facts
        ]
        self._queue.extend(Task(protocol.ExamineContents(batch)) for batch in _batches(tasks))
        self._pool.run(self._queue, self._answered, self._died)
        left = (content for sha256, content in contents.items() if sha256 not in self._facts)
        self._take(tuple(_unexamined(_task(content, _NONE), "no worker answered") for content in left))
        if self._cache:
            self._cache.save(self._unsaved)
        return self._facts

    def _answered(self, task: Task, answer: protocol.Answer) -> bool:
        match task.request, answer:
            case protocol.ExamineContents(contents), protocol.Examined(facts, last):
                asked = contents[task.answered : task.answered + len(facts)]
                task.answered += len(facts)
                if [each.sha256 for each in facts] != [each.sha256 for each in asked]:
                    raise WrongAnswer
                if last and task.answered < len(contents):
                    raise WrongAnswer
                self._learn(tuple(each for each in facts if not self._ask_for_digests(each)))
                return last
            case protocol.DigestContent(content), protocol.Digested(sha256, digests):
                if sha256 != content.sha256 or digests.keys() != set(content.digests):
                    raise WrongAnswer
                known = self._undigested.pop(sha256)
                self._learn((msgspec.structs.replace(known, **digests),))
                return True
            case _:
                raise WrongAnswer

    def _ask_for_digests(self, facts: FileFacts) -> bool:
        """Whether digests are wanted that were not computed yet; then they are now asked for."""
        sha256 = facts.sha256
        if sha256 not in self._begun or sha256 not in self._wanted:
            return False
        self._undigested[sha256] = facts
        task = _task(self._contents[sha256], self._wanted[sha256])
        self._queue.appendleft(Task(protocol.DigestContent(task)))
        return True

    def _learn(self, facts: tuple[FileFacts, ...]) -> None:
        self._unsaved.extend(facts)
        self._take(facts)

    def _take(self, facts: tuple[FileFacts, ...]) -> None:
        facts = tuple(each for each in facts if each.sha256 in self._contents)
        for each in facts:
            self._facts[each.sha256] = each
            self._done += each.size
        if facts:
            self._on_facts(facts)
            self._listen(FactsLearnt(facts))
            self._listen(Progress(Stage.EXAMINE, self._done, self._total))

    def _is_tried_again(self, rest: tuple[protocol.ContentTask, ...], how: str) -> bool:
        """Whether a content alone gets another worker, once: no content kills by SIGKILL, but others do."""
        again = {each.sha256 for each in rest}
        if how != KILLED or self._pool.out_of_time or again <= self._killed:
            return False
        self._killed |= again
        return True

    def _died(self, task: Task, how: str) -> None:
        """Give what a dead worker had not answered to others, one by one; alone, a content is given up."""
        match task.request:
            case protocol.ExamineContents(contents):
                rest = contents[task.answered :]
                if len(contents) > 1 or self._is_tried_again(rest, how):
                    self._queue.extend(Task(protocol.ExamineContents((each,))) for each in rest)
                else:
                    code = "limit" if self._pool.out_of_time else "worker-died"
                    self._take(tuple(_unexamined(each, how, code) for each in rest))
            case protocol.DigestContent(content):
                # Whoever needs the digest computes it, or says that the bytes are not there.
                self._take((self._undigested.pop(content.sha256),))
            case request:
                raise TypeError(request)


def _task(content: Content, digests: frozenset[str]) -> protocol.ContentTask:
    return protocol.ContentTask(
        content.layer,
        content.data_offset,
        content.size,
        content.sha256,
        tuple(sorted(digests)),
        content.segments,
    )


def _up_to(most: int, contents: Sequence[Content]) -> list[Content]:
    """The first contents whose sizes come to no more than `most` bytes; at least one, where there is one."""
    sizes = accumulate(content.size for content in contents)
    return [content for content, size in zip(contents, sizes, strict=True) if size <= most] or [*contents[:1]]


def _unexamined(task: protocol.ContentTask, how: str, code: str = "worker-died") -> FileFacts:
    issue = Issue(
        stage="examine",
        code=code,
        subject=task.sha256,
        message=f"the content could not be examined: {how}",
        lost_bytes=task.size,
    )
    return FileFacts(sha256=task.sha256, size=task.size, type="data", issues=(issue,), lost_bytes=task.size)


def _batches(tasks: list[protocol.ContentTask]) -> Iterator[tuple[protocol.ContentTask, ...]]:
    """The largest contents first and each alone, the small ones together, in order of their place."""
    large = sorted((t for t in tasks if t.size >= _BATCH_BYTES), key=lambda t: (-t.size, t.sha256))
    for task in large:
        yield (task,)
    batch: list[protocol.ContentTask] = []
    size = 0
    for task in tasks:
        if task.size >= _BATCH_BYTES:
            continue
        batch.append(task)
        size += task.size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)
