"""Whether the layout beside a record shows the same image as the archive that the record names.

Otherwise whoever made the layout could show other programs one image and this program another. Bytes are
compared with bytes: that costs less than their digests, and needs no trust in any of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from forensics.cancellation import Cancellation
from forensics.model.image import Blob, Image, LayerSource
from forensics.sources._evidence import blob_pieces
from forensics.sources._layout import Layout, Manifest, blob_name, digest_like
from forensics.sources._presented import made_config


class Agreement:
    """The comparison of `image`, which was read from the archive, with the one image of `layout`.

    `equal` are the digests under which the layout holds the very bytes of layers of the image.
    """

    def __init__(self, layout: Layout, image: Image, cancel: Cancellation) -> None:
        self._layout = layout
        self._image = image
        self._cancel = cancel
        self.equal: set[str] = set()
        self.holds = self._compare()

    @property
    def layout_is_bare(self) -> bool:
        """Whether the layout shows no image at all."""
        return not self._layout.images()

    def _compare(self) -> bool:
        if len(self._layout.manifests) != 1:
            return False
        manifest = self._layout.manifests[0]
        layers = self._counterparts(manifest)
        same = [
            self._same_layer(digest.digest, layer)
            for digest, layer in zip(manifest.layers, layers, strict=False)
        ]
        return len(layers) == len(manifest.layers) and all(same) and self._same_config(manifest)

    def _counterparts(self, manifest: Manifest) -> tuple[LayerSource, ...]:
        """The layers of the image that those of the manifest stand for; a made one leaves absent ones out."""
        layers = self._image.layers
        if len(manifest.layers) == len(layers):
            return layers
        return tuple(layer for layer in layers if layer.blob is not None)

    def _same_layer(self, digest: str, layer: LayerSource) -> bool:
        """Whether the layout holds the same bytes, or none: then nobody else sees any either."""
        shown = self._layout.blob(digest)
        if shown is None:
            return True
        if layer.blob is None or not self._same_bytes(shown, layer.blob):
            return False
        self.equal.add(digest)
        return True

    def _same_bytes(self, one: Blob, other: Blob) -> bool:
        if one.size != other.size:
            return False
        return all(
            mine == theirs for mine, theirs in zip(self._pieces(one), self._pieces(other), strict=True)
        )

    def _pieces(self, blob: Blob) -> Iterator[bytes]:
        for piece in blob_pieces(blob):
            self._cancel.check()
            yield piece

    def _same_config(self, manifest: Manifest) -> bool:
        content = self._config(manifest.config.digest)
        if content is None:
            return True
        wanted = self._image.config_digest
        if wanted:
            return digest_like(wanted, (content,)) == wanted
        try:
            told = msgspec.json.decode(content, type=_MadeConfig)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        return content == made_config(self._image.platform, told.rootfs.diff_ids)

    def _config(self, digest: str) -> bytes | None:
        if self._layout.blob(digest) is None:
            return None
        content = self._layout.evidence.read(blob_name(digest), self._layout.limits.json_bytes)
        return b"" if content is None else content


class _Rootfs(msgspec.Struct, frozen=True):
    diff_ids: tuple[str, ...] = ()


class _MadeConfig(msgspec.Struct, frozen=True):
    rootfs: _Rootfs = _Rootfs()
