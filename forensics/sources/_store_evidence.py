"""An image that was received content by content, as the layout that it makes up."""

from __future__ import annotations

import os
from collections.abc import Callable

from forensics.errors import ImageNotOpened
from forensics.model.image import Blob
from forensics.sources._evidence import Evidence
from forensics.sources._issues import IssueLog
from forensics.sources._layout import INDEX_NAME, blob_name
from forensics.spool import Spool

_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


class StoreEvidence(Evidence):
    """`index.json`, `oci-layout` and the blobs that were added; never another that the store holds too.

    The blobs belong to the store. `end` is called when this is closed.
    """

    def __init__(
        self, path: str, issues: IssueLog, spool: Spool, end: Callable[[], None] | None = None
    ) -> None:
        super().__init__(path, issues)
        self._spool = spool
        self._end = end
        self._items: dict[str, Blob] = {}

    def add(self, digest: str, blob: Blob) -> None:
        """Offer a content under its digest."""
        self._items[blob_name(digest)] = blob

    def set_index(self, index: bytes) -> None:
        """Offer the bytes of `index.json`, and what says that this is a layout."""
        self._items[INDEX_NAME] = self._written(index)
        self._items["oci-layout"] = self._written(_LAYOUT)

    def _written(self, content: bytes) -> Blob:
        target = self._spool.new_file()
        done = 0
        while done < len(content):
            done += os.pwrite(target, content[done:], done)
        return Blob(target, 0, len(content))

    def find(self, name: str) -> Blob | None:
        """What was added under `name`."""
        return self._items.get(name)

    def refusal(self) -> ImageNotOpened:
        """Why there is no image in what was received."""
        return ImageNotOpened(
            f"{self.path} is no image", "it holds artifacts: signatures, charts or SBOMs, for example"
        )

    def close(self) -> None:
        """Let go of what it came from."""
        if self._end is not None:
            self._end()
            self._end = None
