"""The image configuration: what the image would run, and how it says it was made."""

from __future__ import annotations

from forensics.model.image import HistoryEntry, ImageConfig, Platform
from forensics.sources._document import Document


def read_config(document: Document) -> ImageConfig:
    """An `ImageConfig` out of a configuration document.

    Format: OCI image configuration (image-spec, config.md), and the Docker image specification v1.2 whose
    `config` object has the same keys and adds `Healthcheck`, `Shell` and `OnBuild`.
    """
    run = document.child("config")
    return ImageConfig(
        user=run.text("User"),
        entrypoint=run.texts("Entrypoint"),
        cmd=run.texts("Cmd"),
        env=run.texts("Env"),
        labels=run.mapping("Labels"),
        exposed_ports=run.keys("ExposedPorts"),
        volumes=run.keys("Volumes"),
        working_dir=run.text("WorkingDir"),
        shell=run.texts("Shell"),
        healthcheck=run.child("Healthcheck").texts("Test"),
        on_build=run.texts("OnBuild"),
        stop_signal=run.text("StopSignal"),
        author=document.text("author"),
        created=document.text("created"),
        platform=read_platform(document),
        diff_ids=document.child("rootfs").texts("diff_ids"),
        history=tuple(_history_entry(step) for step in document.children("history")),
    )


def read_platform(document: Document) -> Platform:
    """The platform of a configuration or of a descriptor's `platform` object."""
    return Platform(
        os=document.text("os"), architecture=document.text("architecture"), variant=document.text("variant")
    )


def _history_entry(step: Document) -> HistoryEntry:
    return HistoryEntry(
        created=step.text("created"),
        created_by=step.text("created_by"),
        author=step.text("author"),
        comment=step.text("comment"),
        empty_layer=step.flag("empty_layer"),
    )
