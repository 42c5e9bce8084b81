"""An opened image with its workers: what every command and the screen hold while they work on it."""

from __future__ import annotations

import contextlib
from collections import deque
from types import TracebackType
from typing import Self

import msgspec

from forensics.cancellation import Cancellation
from forensics.errors import ParseError
from forensics.layers import ImageView, unpack_index
from forensics.model.files import LayerIndex
from forensics.model.image import Blob, Image, LayerSource
from forensics.model.issues import Issue
from forensics.model.report import Report
from forensics.pipeline import protocol
from forensics.pipeline.events import (
    Event,
    ImageOpened,
    IssueRaised,
    LayerIndexed,
    Listener,
    Progress,
    Stage,
    ViewReady,
)
from forensics.pipeline.options import DEFAULT_OPTIONS, Options
from forensics.pipeline.pool import Task, WorkerPool, WrongAnswer
from forensics.sources import OpenImage, open_image
from forensics.spool import Spool


def ignore(event: Event) -> None:
    """The listener of whoever does not listen."""


class Session:
    """Opens an image, indexes its layers in workers and keeps its bytes readable until `close()`.

    The steps run once, in the thread that calls them; `cancel.cancel()` from any thread stops them with
    `Cancelled`. Only an image that cannot be opened at all raises; everything else becomes an `Issue`.
    """

    def __init__(self, reference: str, options: Options = DEFAULT_OPTIONS) -> None:
        self.reference = reference
        self.options = options
        self.cancel = Cancellation()
        self._resources = contextlib.ExitStack()
        self._spool = self._resources.enter_context(Spool())
        self._opened: OpenImage | None = None
        self._indexing: _LayerIndexing | None = None
        self._indexes: tuple[LayerIndex, ...] | None = None
        self._view: ImageView | None = None
        self._pool: WorkerPool | None = None

    @property
    def pool(self) -> WorkerPool:
        """The workers, started at first use."""
        if self._pool is None:
            rules = tuple(str(path.absolute()) for path in self.options.rules)
            greeting = protocol.Hello(self.options.limits, rules)
            self._pool = WorkerPool(self.options.worker_count, greeting, self.cancel)
            self._resources.callback(self._pool.close)
        return self._pool

    def open(self, listen: Listener = ignore) -> Image:
        """The image's manifest and configuration; raises ForensicsError or ChoiceNeeded."""
        if self._opened is None:
            options = self.options
            self._opened = self._resources.enter_context(
                open_image(
                    self.reference,
                    spool=self._spool,
                    platform=options.platform,
                    tag=options.tag,
                    image=options.image,
                    limits=options.limits,
                    access=options.access,
                    cancel=self.cancel,
                    on_progress=lambda done, total: listen(Progress(Stage.OPEN, done, total)),
                )
            )
            listen(ImageOpened(self._opened.image))
        return self._opened.image

    def begin_layers(self, listen: Listener = ignore) -> None:
        """Give the workers the first layers and return at once; `index_layers` goes on from there."""
        self._begun(listen)

    def _begun(self, listen: Listener) -> _LayerIndexing:
        if self._indexing is None:
            self._indexing = _LayerIndexing(self.pool, self._spool, self.open(listen), listen)
            self._indexing.begin()
        return self._indexing

    def index_layers(self, listen: Listener = ignore) -> tuple[LayerIndex, ...]:
        """Every layer by itself, in layer order, known to all workers; digests are verified on the way."""
        if self._indexes is None:
            self._indexes = self._begun(listen).run()
            for index in self._indexes:
                # What was verified must stay as it is: workers get the layer to read, not to write.
                descriptor = self._spool.to_read(index.blob.fd) if index.compression else index.blob.fd
                layer = protocol.AttachLayer(index.index, index.blob.offset, index.blob.size)
                self.pool.attach(layer, descriptor)
        return self._indexes

    def index(self, listen: Listener = ignore) -> ImageView:
        """The layers, overlaid."""
        if self._view is None:
            self._view = ImageView(self.index_layers(listen), self.options.limits)
            listen(ViewReady(self._view))
        return self._view

    def analyze(self, listen: Listener = ignore) -> Report:
        """The whole analysis; see `forensics.pipeline.analysis`."""
        self.pool.start()  # while the workers load, this process loads what it needs itself
        from forensics.pipeline.analysis import analyze

        return analyze(self, listen)

    def close(self) -> None:
        """End the workers and close every file."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _LayerIndexing:
    """Indexes all layers of one image, the largest first."""

    def __init__(self, pool: WorkerPool, spool: Spool, image: Image, listen: Listener) -> None:
        self._pool = pool
        self._spool = spool
        self._listen = listen
        self._layers = image.layers
        self._spool_files: dict[int, int] = {}
        self._done: dict[int, int] = {}
        self._finished: dict[int, LayerIndex] = {}
        self._tried: set[int] = set()
        self._total = sum(layer.blob.size for layer in image.layers if layer.blob)
        self._tasks: deque[Task] = deque()

    def begin(self) -> None:
        """Hand out the first layers."""
        largest_first = sorted(self._layers, key=lambda layer: layer.blob.size if layer.blob else 0)
        self._tasks.extend(self._task(layer) for layer in reversed(largest_first))
        self._pool.begin(self._tasks, self._died)

    def run(self) -> tuple[LayerIndex, ...]:
        """One index a layer, in layer order."""
        self._pool.run(self._tasks, self._answered, self._died)
        return tuple(self._finished[layer.index] for layer in self._layers)

    def _task(self, layer: LayerSource) -> Task:
        spool = self._spool.new_file()
        self._spool_files[layer.index] = spool
        descriptors = (spool,) if layer.blob is None else (layer.blob.fd, spool)
        return Task(protocol.IndexLayer(layer), descriptors)

    def _layer_of(self, task: Task) -> LayerSource:
        if not isinstance(task.request, protocol.IndexLayer):
            raise TypeError(task.request)
        return task.request.source

    def _answered(self, task: Task, answer: protocol.Answer) -> bool:
        layer = self._layer_of(task)
        if isinstance(answer, protocol.Indexed):
            try:
                index = unpack_index(answer.index, self._spool_files[layer.index])
            except ParseError as error:
                raise WrongAnswer from error
            if index.index != layer.index:
                raise WrongAnswer
            if layer.blob is not None and not index.compression:
                here = Blob(layer.blob.fd, index.blob.offset, index.blob.size)
                index = msgspec.structs.replace(index, blob=here)
            self._finish(index)
            return True
        if isinstance(answer, protocol.Advanced):
            self._progress(layer.index, answer.done)
        return False

    def _progress(self, index: int, done: int) -> None:
        self._done[index] = done
        self._listen(Progress(Stage.LAYERS, sum(self._done.values()), self._total, f"layer {index}"))

    def _finish(self, index: LayerIndex) -> None:
        self._finished[index.index] = index
        blob = self._layers[index.index].blob
        self._progress(index.index, blob.size if blob else 0)
        self._listen(LayerIndexed(index))
        for issue in index.issues:
            self._listen(IssueRaised(issue))

    def _died(self, task: Task, how: str) -> None:
        layer = self._layer_of(task)
        if layer.index not in self._tried:
            self._tried.add(layer.index)
            self._tasks.append(self._task(layer))
            return
        lost = layer.blob.size if layer.blob else 0
        issue = Issue(
            stage="layer",
            code="worker-died",
            subject=f"layer {layer.index}",
            message=f"the layer could not be indexed: {how}",
            lost_bytes=lost,
        )
        empty = Blob(self._spool_files[layer.index], 0, 0)
        self._finish(LayerIndex(index=layer.index, blob=empty, compressed_size=lost, issues=(issue,)))
