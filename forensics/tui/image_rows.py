"""The image itself for the panes: card, layers and build steps, from a live image or from a saved report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forensics.model.files import LayerIndex
from forensics.model.image import Image, LayerSource
from forensics.model.report import ReportConfig, ReportHistory, ReportImage, ReportLayer
from forensics.printable import printable


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer; None is what is not known yet. Texts are printable, sizes bytes.

    `verified` is True when every declared digest was met, False when one was not, None when none was
    declared, the layer is not there or `size` is still unknown. `present` is False for a layer the archive
    lacks.
    """

    index: int
    digest: str
    diff_id: str
    media_type: str
    created_by: str
    created: str
    compressed_size: int
    size: int | None = None
    entries: int | None = None
    compression: str = ""
    added: int | None = None
    modified: int | None = None
    deleted: int | None = None
    verified: bool | None = None
    base: bool | None = None
    present: bool = True

    def indexed(self, index: LayerIndex) -> LayerRow:
        """The row once the layer's bytes were read."""
        agreements = {index.digest_agrees, index.diff_id_agrees} - {None}
        return replace(
            self,
            digest=index.digest or self.digest,
            diff_id=index.diff_id or self.diff_id,
            compressed_size=index.compressed_size,
            size=index.size,
            entries=len(index.entries),
            compression=index.compression,
            verified=agreements == {True} if agreements and self.present else None,
        )

    def compared(self, counts: tuple[int, int, int]) -> LayerRow:
        """The row once it is known what the layer added, modified and deleted."""
        added, modified, deleted = counts
        return replace(self, added=added, modified=modified, deleted=deleted)


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One line of the build, in order: a step of the history, and the layer it made if any.

    `layer` None is a step that changed no file. `recorded` is False for a layer no step of the history
    speaks of.
    """

    created: str
    instruction: str
    comment: str
    layer: int | None
    recorded: bool = True


def row_of_source(source: LayerSource) -> LayerRow:
    """A layer before a byte of it was read."""
    return LayerRow(
        index=source.index,
        digest=printable(source.digest),
        diff_id=printable(source.diff_id),
        media_type=printable(source.media_type),
        created_by=printable(source.created_by),
        created=printable(source.created),
        compressed_size=source.blob.size if source.blob else 0,
        base=source.base,
        present=source.blob is not None,
    )


def row_of_report(layer: ReportLayer) -> LayerRow:
    """A layer of a saved report."""
    names = (name for name in LayerRow.__dataclass_fields__ if name != "present")
    return LayerRow(**{name: getattr(layer, name) for name in names})


def card_of_image(image: Image) -> ReportImage:
    """What the report will say of the image, its layers left out; every text printable."""
    return ReportImage(
        source=image.source,
        reference=printable(image.reference),
        manifest_digest=image.manifest_digest,
        config_digest=image.config_digest,
        platform=printable(str(image.platform)),
        tags=_texts(image.tags),
        created=printable(image.created),
        config=_config(image),
        layers=(),
    )


def build_steps(config: ReportConfig, image_layers: Sequence[LayerRow]) -> list[BuildStep]:
    """The history in order, then the layers that it does not speak of."""
    steps = [BuildStep(step.created, step.created_by, step.comment, step.layer) for step in config.history]
    told = {step.layer for step in steps}
    steps += [
        BuildStep(layer.created, layer.created_by, "", layer.index, recorded=False)
        for layer in image_layers
        if layer.index not in told
    ]
    return steps


def _texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(printable(text) for text in texts)


def _config(image: Image) -> ReportConfig:
    config = image.config
    return ReportConfig(
        user=printable(config.user),
        entrypoint=_texts(config.entrypoint),
        cmd=_texts(config.cmd),
        env=_texts(config.env),
        exposed_ports=_texts(config.exposed_ports),
        volumes=_texts(config.volumes),
        working_dir=printable(config.working_dir),
        shell=_texts(config.shell),
        healthcheck=_texts(config.healthcheck),
        on_build=_texts(config.on_build),
        stop_signal=printable(config.stop_signal),
        author=printable(config.author),
        labels={printable(key): printable(text) for key, text in sorted(config.labels.items())},
        history=tuple(_history(image)),
    )


def _history(image: Image) -> list[ReportHistory]:
    steps = []
    layer = 0
    for step in image.config.history:
        made = None
        if not step.empty_layer and layer < len(image.layers):
            made, layer = layer, layer + 1
        steps.append(
            ReportHistory(
                created=printable(step.created),
                created_by=printable(step.created_by),
                comment=printable(step.comment),
                layer=made,
            )
        )
    return steps
