"""Every distinct content of an image goes once through the workers, or comes from the cache."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from forensics.layers import ImageView
from forensics.limits import MIB, Limits
from forensics.model.facts import FileFacts
from forensics.model.files import Content
from forensics.model.issues import Issue
from forensics.pipeline import protocol
from forensics.pipeline.cache import FactsCache
from forensics.pipeline.events import FactsLearnt, Listener, Progress, Stage
from forensics.pipeline.pool import Task, WorkerPool

_BATCH_BYTES = 8 * MIB
_BATCH_FILES = 256


def distinct_contents(view: ImageView) -> dict[str, Content]:
    """Every content of every version of every file, by hex SHA-256."""
    contents: dict[str, Content] = {}
    for version in view.all_versions():
        if version.content is not None and version.content.sha256:
            contents.setdefault(version.content.sha256, version.content)
    return contents


class ContentExamination:
    """Examines contents in worker processes; the file that kills a worker costs itself alone."""

    def __init__(self, pool: WorkerPool, cache: FactsCache | None, limits: Limits, listen: Listener) -> None:
        self._pool = pool
        self._cache = cache
        self._limits = limits
        self._listen = listen
        self._facts: dict[str, FileFacts] = {}
        self._unsaved: list[FileFacts] = []
        self._done = 0
        self._total = 0
        self._answered_of: dict[int, int] = {}

    def run(
        self, contents: Mapping[str, Content], wanted: Mapping[str, frozenset[str]]
    ) -> dict[str, FileFacts]:
        """Facts by hex SHA-256; `wanted` names the further digests that claims need."""
        none: frozenset[str] = frozenset()
        self._total = sum(content.size for content in contents.values())
        if self._cache:
            known = self._cache.load({sha256: wanted.get(sha256, none) for sha256 in contents})
            self._take(tuple(known.values()))
        tasks = [
            protocol.ContentTask(
                content.layer,
                content.data_offset,
                content.size,
                sha256,
                tuple(sorted(wanted.get(sha256, none))),
                content.segments,
            )
            for sha256, content in contents.items()
            if sha256 not in self._facts
        ]
        queue = deque(Task(protocol.ExamineContents(batch)) for batch in _batches(tasks))
        self._pool.run(queue, self._answered, lambda task, how: self._died(queue, task, how))
        if self._cache:
            self._cache.save(self._unsaved)
        return self._facts

    def _answered(self, task: Task, answer: protocol.Answer) -> bool:
        if not isinstance(answer, protocol.Examined):
            return False
        self._answered_of[id(task)] = self._answered_of.get(id(task), 0) + len(answer.facts)
        self._unsaved.extend(answer.facts)
        self._take(answer.facts)
        return answer.last

    def _take(self, facts: tuple[FileFacts, ...]) -> None:
        for each in facts:
            self._facts[each.sha256] = each
            self._done += each.size
        if facts:
            self._listen(FactsLearnt(facts))
            self._listen(Progress(Stage.EXAMINE, self._done, self._total))

    def _died(self, queue: deque[Task], task: Task, how: str) -> None:
        """Give what a dead worker had not answered to others, one by one; alone, a content is given up."""
        if not isinstance(task.request, protocol.ExamineContents):
            raise TypeError(task.request)
        rest = task.request.contents[self._answered_of.pop(id(task), 0) :]
        if len(task.request.contents) > 1:
            queue.extend(Task(protocol.ExamineContents((each,))) for each in rest)
            return
        for each in rest:
            self._take((_unexamined(each, how),))


def _unexamined(task: protocol.ContentTask, how: str) -> FileFacts:
    issue = Issue(
        stage="examine",
        code="worker-died",
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
