"""An opened image with its workers: what every command and the screen hold while they work on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from forensics.cancellation import Cancellation
from forensics.layers import ImageView
from forensics.model.acquisition import Acquisition
from forensics.model.files import LayerIndex, behind_layer, beside_layers
from forensics.model.image import Blob, Image
from forensics.model.report import Report
from forensics.parsers.compression import Decompressed
from forensics.parsers.compression import Progress as ByteProgress
from forensics.pipeline import protocol
from forensics.pipeline.events import (
    Event,
    ImageOpened,
    Listener,
    Progress,
    Stage,
    ViewReady,
)
from forensics.pipeline.layer_indexing import LayerIndexing
from forensics.pipeline.members import MemberReader
from forensics.pipeline.options import DEFAULT_OPTIONS, Options
from forensics.pipeline.pool import WorkerPool
from forensics.pipeline.unwrapping import unwrap
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
        self._indexing: LayerIndexing | None = None
        self._indexes: tuple[LayerIndex, ...] | None = None
        self._view: ImageView | None = None
        self._pool: WorkerPool | None = None
        self._members: MemberReader | None = None

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
                    decompress=self._decompress,
                )
            )
            for blob in _blobs_of(self._opened):
                self._spool.seal(blob.fd)  # evidence must stay as it is: workers get it to read alone
            listen(ImageOpened(self._opened.image))
        return self._opened.image

    def _decompress(self, blob: Blob, target: int, on_progress: ByteProgress | None) -> Decompressed:
        return unwrap(self.pool, self._spool, blob, target, on_progress)

    @property
    def acquisition(self) -> Acquisition | None:
        """Where an image that was acquired came from, by its own record; known when it is open."""
        return None if self._opened is None else self._opened.acquisition

    def begin_layers(self, listen: Listener = ignore) -> None:
        """Give the workers the first layers and return at once; `index_layers` goes on from there."""
        self._begun(listen)

    def _begun(self, listen: Listener) -> LayerIndexing:
        if self._indexing is None:
            image, limits = self.open(listen), self.options.limits
            self._indexing = LayerIndexing(self.pool, self._spool, image, limits, listen)
            self._indexing.begin()
        return self._indexing

    def index_layers(self, listen: Listener = ignore) -> tuple[LayerIndex, ...]:
        """Every layer by itself, in layer order, known to all workers; digests are verified on the way."""
        if self._indexes is None:
            self._indexes = self._begun(listen).run()
            for index in self._indexes:
                descriptor = index.blob.fd
                layer = protocol.AttachLayer(index.index, index.blob.offset, index.blob.size)
                self.pool.attach(layer, descriptor)
                if index.behind is not None:
                    behind = index.behind
                    layer = protocol.AttachLayer(behind_layer(index.index), behind.offset, behind.size)
                    self.pool.attach(layer, descriptor)
            self._attach_leftovers()
        return self._indexes

    def _attach_leftovers(self) -> None:
        """Let the workers read what the archive holds beside the image."""
        for number, leftover in enumerate(self.open().leftovers):
            blob = leftover.blob
            layer = protocol.AttachLayer(beside_layers(number), blob.offset, blob.size)
            self.pool.attach(layer, blob.fd)

    def index(self, listen: Listener = ignore) -> ImageView:
        """The layers, overlaid."""
        if self._view is None:
            layers, leftovers = self.index_layers(listen), self.open(listen).leftovers
            self._view = ImageView(layers, self.options.limits, leftovers)
            listen(ViewReady(self._view, self.members))
        return self._view

    @property
    def members(self) -> MemberReader:
        """Reads members of archives in the image; only once the layers are overlaid."""
        if self._members is None:
            view = self.index()
            self._members = MemberReader(lambda cancel: self.pool.beside(1, cancel), view, self._spool)
            self._resources.callback(self._members.close)
        return self._members

    def analyze(self, listen: Listener = ignore) -> Report:
        """The whole analysis; see `forensics.pipeline.analysis`."""
        self.pool.start()  # while the workers load, this process loads what it needs itself
        from forensics.pipeline.analysis import analyze

        self.pool.limit_time(self.options.limits.run_seconds)
        try:
            return analyze(self, listen)
        finally:
            self.pool.limit_time(None)

    def close(self) -> None:
        """End the workers and close every file."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _blobs_of(opened: OpenImage) -> Iterator[Blob]:
    yield from (layer.blob for layer in opened.image.layers if layer.blob is not None)
    yield from (leftover.blob for leftover in opened.image.leftovers)
