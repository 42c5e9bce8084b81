"""Files that are younger than their image, and build steps that run backwards in time.

Nothing is held against today's date: the same image gives the same findings on any day. The measure is the
newest time that the configuration and its history tell. Times that stand for none (the beginning of 1970 and
of year 1, which reproducible builds use) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from forensics.detectors._finding import Circumstances, Statement, about_image, about_layer, note
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.files import FileKind, FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

YOUNGER = Statement(
    rule_id="archive/file-from-the-future",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.INFO,
    confidence=Confidence.LOW,
    title="Files are younger than the image says it is",
    explanation=(
        "Their times lie more than a day behind the newest time that the configuration and its history tell: "
        "either the files or the configuration bear a time that is not true, or the layer was changed later."
    ),
    alternatives=(
        "Reproducible builds write the time of the sources into the configuration and leave that of the "
        "build in the files; a wrong clock; a time that a package set on purpose."
    ),
    remediation="Compare the layer with the one that was published, and look at what the files do.",
    attack=("T1070.006",),
)
BACKWARDS = Statement(
    rule_id="archive/history-runs-backwards",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.INFO,
    confidence=Confidence.LOW,
    title="A build step is older than the step before it",
    explanation="Steps are made one after the other, so that at least one of these times is not true.",
    alternatives="Reproducible builds set the times of their own steps to that of their sources.",
    remediation="Judge the layers by their content and not by their times.",
    attack=("T1070.006",),
)
_DAY = timedelta(days=1)
_FAR = timedelta(days=366)
_NO_TIME = datetime(1980, 1, 2, tzinfo=UTC)
"""Up to here times are placeholders: of archives (1980), of Unix (1970), of Go (year 1)."""


class ImpossibleTimes(Detector):
    """At most one finding for each layer, and one for the history."""

    id = "impossible_times"
    needs = Needs.LAYERS
    statements = (YOUNGER, BACKWARDS)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """The history first, then the layers in their order."""
        steps = [
            (when, step.created_by)
            for step in scene.image.config.history
            if (when := _time(step.created)) is not None
        ]
        backwards = [
            note(f"{later.isoformat()} {line}, behind {earlier.isoformat()}", "history")
            for (earlier, _), (later, line) in pairwise(steps)
            if earlier - later > _DAY
        ]
        if backwards:
            yield about_image(scene, BACKWARDS, backwards)
        created = _time(scene.image.config.created)
        told = [when for when in (created, *(when for when, _ in steps)) if when is not None]
        if told:
            for layer in scene.view.image_layers:
                yield from _younger(scene, layer.index, max(told))


def _younger(scene: Scene, layer: int, newest: datetime) -> Iterator[Finding]:
    measure = newest.timestamp() + _DAY.total_seconds()
    found = [
        version
        for version in scene.view.in_layer(layer)
        if version.entry.mtime > measure and version.entry.kind is not FileKind.HARDLINK
    ]
    if found:
        found.sort(key=lambda version: (-version.entry.mtime, version.path))
        far = found[0].entry.mtime > newest.timestamp() + _FAR.total_seconds()
        evidence = [
            note(f"the newest time of the image is {newest.isoformat()}"),
            *(note(f"{one.path}: {_shown(one)}") for one in found),
        ]
        severity = Severity.LOW if far else YOUNGER.severity
        yield about_layer(scene, YOUNGER, layer, evidence, Circumstances(severity=severity))


def _shown(version: FileVersion) -> str:
    try:
        return datetime.fromtimestamp(version.entry.mtime, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"second {version.entry.mtime:.0f}"


def _time(text: str) -> datetime | None:
    """An RFC 3339 time, cut to microseconds; None when it is none or stands for none."""
    head, dot, rest = text.partition(".")
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}"
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return when.astimezone(UTC) if when > _NO_TIME else None
    except OverflowError:
        return None


DETECTOR = ImpossibleTimes()
