"""The whole analysis, readable top to bottom."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from forensics.detectors import Needs, Scene, detect
from forensics.errors import ParseError, UsageError
from forensics.examine import load_signatures
from forensics.inventory import catalog
from forensics.limits import Limits
from forensics.model.findings import Finding
from forensics.model.issues import Issue
from forensics.model.report import Report
from forensics.model.sbom import DeclaredSbom
from forensics.pipeline.cache import FactsCache
from forensics.pipeline.document import Parts, document
from forensics.pipeline.events import (
    FindingsFound,
    InventoryReady,
    IssueRaised,
    Listener,
    Progress,
    Reconciled,
    ReportReady,
    Stage,
)
from forensics.pipeline.examination import ContentExamination, distinct_contents
from forensics.pipeline.session import Session
from forensics.printable import printable
from forensics.sbom import Reconciler, discover, read_sbom, sbom_formats


def analyze(session: Session, listen: Listener) -> Report:
    """Open, index, catalog, examine, reconcile, detect; one report at the end.

    Raises ForensicsError when the image or a rule file cannot be read, UsageError for an SBOM that was
    given and is none, and Cancelled.
    """
    options, limits = session.options, session.options.limits
    started = datetime.now(UTC).isoformat(timespec="seconds")
    clock = _Clock()

    with clock.measure(Stage.OPEN):
        signatures = load_signatures(options.rules)
        given = tuple(_given_sbom(path, limits) for path in options.sbom)
        image = session.open(listen)
        session.begin_layers(listen)
        _raise(image.issues, listen)
        scene = Scene(image=image, rules=signatures.rules, limits=limits)
        findings = list(_detect(scene, Needs.CONFIG, listen))

    with clock.measure(Stage.LAYERS):
        cache = FactsCache(signatures.state.digest, limits=limits) if options.cache else None
        examination = ContentExamination(session.pool, cache, limits, listen)
        examination.begin(session.index_layers(listen))
        view = session.index(listen)
        _raise(view.issues, listen)

    with clock.measure(Stage.INVENTORY):
        listen(Progress(Stage.INVENTORY, 0, 0))
        inventory = catalog(view, limits)
        found, sbom_issues = discover(view, image.attachments, limits)
        sboms = given + found
        _raise((*inventory.issues, *sbom_issues), listen)
        listen(InventoryReady(inventory))
        scene = Scene(
            image=image, rules=signatures.rules, view=view, inventory=inventory, sboms=sboms, limits=limits
        )
        findings += _detect(scene, Needs.LAYERS, listen)

    with clock.measure(Stage.EXAMINE):
        session.cancel.check()
        reconciler = Reconciler(view, inventory, sboms)
        facts = examination.run(distinct_contents(view), reconciler.wanted_digests(), reconciler.take)
        if cache:
            cache.close()

    with clock.measure(Stage.RECONCILE):
        session.cancel.check()
        listen(Progress(Stage.RECONCILE, 0, 0))
        reconciliation = reconciler.reconcile()
        _raise(reconciliation.issues, listen)
        listen(Reconciled(reconciliation))

    with clock.measure(Stage.DETECT):
        session.cancel.check()
        listen(Progress(Stage.DETECT, 0, 0))
        scene = scene.completed(facts, reconciliation)
        findings += _detect(scene, Needs.EVERYTHING, listen)
        unread = scene.files.issues
        _raise(unread, listen)

    with clock.measure(Stage.REPORT):
        session.cancel.check()
        parts = Parts(
            scene=scene,
            signatures=signatures.state,
            findings=tuple(findings),
            issues=sbom_issues + unread,
            started=started,
        )
        report = document(parts, clock.timings)
    listen(ReportReady(report))
    return report


def _detect(scene: Scene, needs: Needs, listen: Listener) -> tuple[Finding, ...]:
    found = detect(scene, needs)
    if found:
        listen(FindingsFound(found))
    return found


def _raise(issues: Iterable[Issue], listen: Listener) -> None:
    for issue in issues:
        listen(IssueRaised(issue))


def _given_sbom(path: Path, limits: Limits) -> DeclaredSbom:
    """The SBOM that a person named; UsageError when it cannot be one."""
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(limits.sbom_bytes + 1)
    except OSError as error:
        raise UsageError(f"cannot read the SBOM {name}: {error.strerror}", "check the path") from error
    if len(content) > limits.sbom_bytes:
        raise UsageError(f"{name} is larger than an SBOM may be", "raise the limit sbom_bytes")
    try:
        return read_sbom(content, f"--sbom {name}", limits)
    except ParseError as error:
        known = ", ".join(sbom_format.name for sbom_format in sbom_formats())
        raise UsageError(
            f"{name} cannot be read as an SBOM: {error.message}",
            error.hint or f"the formats that are read, as JSON: {known}",
        ) from error


class _Clock:
    """Wall seconds of each stage, in order."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: Stage) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        finally:
            self.timings[stage.value] = round(time.monotonic() - begun, 3)
