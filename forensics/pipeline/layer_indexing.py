"""All layers of one image become indexes, in workers; what cannot be read costs its layer alone."""

from __future__ import annotations

from collections import deque

import msgspec

from forensics.errors import ParseError
from forensics.layers import unpack_index
from forensics.limits import Limits
from forensics.model.files import LayerIndex
from forensics.model.image import Blob, Image, LayerSource
from forensics.model.issues import Issue
from forensics.pipeline import protocol
from forensics.pipeline.events import IssueRaised, LayerIndexed, Listener, Progress, Stage
from forensics.pipeline.pool import Task, WorkerPool, WrongAnswer
from forensics.spool import Spool


class LayerIndexing:
    """Indexes all layers of one image, the largest first."""

    def __init__(
        self, pool: WorkerPool, spool: Spool, image: Image, limits: Limits, listen: Listener
    ) -> None:
        self._pool = pool
        self._spool = spool
        self._limits = limits
        self._listen = listen
        self._layers = image.layers
        self._spool_files: dict[int, int] = {}
        self._empty: int | None = None
        self._done: dict[int, int] = {}
        self._finished: dict[int, LayerIndex] = {}
        self._tried: set[int] = set()
        self._left_out: set[int] = set()
        self._sizes: dict[int, tuple[int, int]] = {}
        self._total = sum(layer.blob.size for layer in image.layers if layer.blob)
        self._tasks: deque[Task] = deque()

    def begin(self) -> None:
        """Hand out the first layers."""
        for layer in self._layers[self._limits.layers :]:
            how = f"the image has more than {self._limits.layers} layers (limit layers)"
            self._give_up(layer, "limit", how)
        largest_first = sorted(
            self._layers[: self._limits.layers], key=lambda layer: layer.blob.size if layer.blob else 0
        )
        self._tasks.extend(self._task(layer) for layer in reversed(largest_first))
        self._pool.begin(self._tasks, self._died)

    def run(self) -> tuple[LayerIndex, ...]:
        """One index a layer, in layer order."""
        self._pool.run(self._tasks, self._answered, self._died)
        self._pool.let_nobody_write()
        self._bound()
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
            self._pool.seal(self._spool, self._spool_files[layer.index])
            try:
                index = unpack_index(answer.index, self._spool_files[layer.index])
            except ParseError as error:
                raise WrongAnswer from error
            if index.index != layer.index:
                raise WrongAnswer
            if layer.blob is not None and not index.compression:
                here = Blob(layer.blob.fd, index.blob.offset, index.blob.size)
                index = msgspec.structs.replace(index, blob=here)
            self._sizes[index.index] = index.size, len(index.entries)
            self._finish(index)
            self._bound()
            return True
        if isinstance(answer, protocol.Failed):
            self._spool.empty(self._spool_files[layer.index])  # what it took of a full disk is for the others
            self._give_up(layer, "not-decompressed", f"{answer.message} ({answer.hint})")
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

    def _bound(self) -> None:
        """Leave out the layers above those that together have more than they may, whoever was indexed first.

        What is left out is a matter of the layers alone, never of the order in which workers answer: every
        layer below counts, kept or not. A layer goes as soon as that is certain, so what is kept meanwhile is
        never more than the limit and one layer. Once there is more, the rest is read from the base on.
        """
        limits, size, members = self._limits, 0, 0
        for layer in self._layers[: limits.layers]:
            if size > limits.image_bytes:
                how = f"those below it have more than {limits.image_bytes} bytes (limit image_bytes)"
                self._leave_out(layer, how)
            elif members > limits.members:
                how = f"those below it have more than {limits.members} members (limit members)"
                self._leave_out(layer, how)
            more = self._sizes.get(layer.index, (0, 0))
            size, members = size + more[0], members + more[1]
        if size > limits.image_bytes or members > limits.members:
            waiting = sorted(self._tasks, key=lambda task: self._layer_of(task).index)
            self._tasks.clear()
            self._tasks.extend(waiting)

    def _leave_out(self, layer: LayerSource, how: str) -> None:
        """Give up a layer that waits or is done, and free what it took; one in the works goes when done."""
        if layer.index in self._left_out:
            return
        waiting = [task for task in self._tasks if self._layer_of(task) is layer]
        if not waiting and layer.index not in self._finished:
            return
        for task in waiting:
            self._tasks.remove(task)
        self._left_out.add(layer.index)
        self._spool.empty(self._spool_files[layer.index])
        self._give_up(layer, "limit", how)

    def _died(self, task: Task, how: str) -> None:
        layer = self._layer_of(task)
        if self._pool.out_of_time:
            self._give_up(layer, "limit", how)
        elif layer.index in self._tried:
            self._give_up(layer, "worker-died", how)
        else:
            self._tried.add(layer.index)
            self._spool.empty(self._spool_files[layer.index])
            self._tasks.append(self._task(layer))

    def _give_up(self, layer: LayerSource, code: str, how: str) -> None:
        lost = layer.blob.size if layer.blob else 0
        issue = Issue(
            stage="layer",
            code=code,
            subject=f"layer {layer.index}",
            message=f"the layer could not be indexed: {how}",
            lost_bytes=lost,
        )
        empty = Blob(self._nothing(), 0, 0)
        self._finish(LayerIndex(index=layer.index, blob=empty, compressed_size=lost, issues=(issue,)))

    def _nothing(self) -> int:
        """An empty file, the same one for all that is empty."""
        if self._empty is None:
            self._empty = self._spool.new_file()
            self._spool.seal(self._empty)
        return self._empty
