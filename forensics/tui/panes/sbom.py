"""The declared SBOM against the packages and the bytes: every disagreement, each leading to its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from forensics.tui.drift_rows import DRIFT_FIELDS, KIND_MEANINGS, DriftRow, drift_rows
from forensics.tui.panes._pane import PaneKind, ShowPackage, ShowPath
from forensics.tui.panes._records import RecordsPane
from forensics.tui.progress_words import none_so_far
from forensics.tui.store import Topic
from forensics.tui.widgets import Blank, Column, Fact, Heading, Item, Paragraph, Part, Styled

_TONES = {"altered file": "error", "missing file": "error", "version changed": "warning"}
_REFERENCES = {
    "sbom": "the declared SBOM, the package databases and the bytes",
    "packages": "no SBOM is declared: the package databases of the image are the reference",
    "none": "neither an SBOM nor a package database was found: nothing could be compared",
}


class SbomPane(RecordsPane[DriftRow]):
    """The list of drift, under the counts of what agrees."""

    topics = frozenset({Topic.DRIFT, Topic.RUN})
    columns = (
        Column("disagreement", 29, importance=9, fitted=True),
        Column("layer", 5, "right", importance=5),
        Column("subject", 40, min_width=18, flexible=True, importance=8, fitted=True, cut="start"),
        Column("declared", 20, min_width=10, flexible=True, importance=4, fitted=True),
        Column("found", 18, min_width=10, flexible=True, importance=4, fitted=True),
        Column("state", 12, importance=3, fitted=True),
    )
    fields = DRIFT_FIELDS
    heading = "Declared against found"
    hint = "words, kind:unowned, layer:3, package:openssl, state:visible"

    def records(self) -> Sequence[DriftRow] | None:
        """Every disagreement."""
        return None if self.store.sbom is None else drift_rows(self.store.sbom)

    def cells(self, record: DriftRow) -> Sequence[Styled]:
        """Kind, place, and the two sides."""
        return (
            ((record.kind, _TONES.get(record.kind, "warning")),),
            "" if record.layer is None else str(record.layer),
            record.subject,
            record.declared or (("—", "muted"),),
            record.found or (("—", "muted"),),
            record.state,
        )

    def words(self, record: DriftRow) -> str:
        """Everything the row says."""
        return f"{record.kind}\n{record.subject}\n{record.declared}\n{record.found}"

    def summary(self) -> Sequence[Item]:
        """What was compared and how much of it agrees."""
        sbom = self.store.sbom
        if sbom is None:
            return ()
        items: list[Item] = [Fact("compared", _REFERENCES.get(sbom.reference, sbom.reference))]
        items += [
            Fact(
                "declared",
                f"{each.origin} · {each.format} {each.spec_version} · "
                f"{each.components:,} components · {each.files:,} files",
            )
            for each in sbom.declared
        ]
        if sbom.reference == "sbom":
            items.append(Fact("packages", f"{sbom.packages.matched:,} match"))
        if self.store.report is not None:
            items.append(Fact("files agree", self._agreeing()))
            items.append(Fact("disagree", self._disagreeing()))
        return items

    def _agreeing(self) -> Styled:
        assert self.store.sbom is not None  # noqa: S101 - asked only when it is there
        files = self.store.sbom.files
        counts = {
            "declared": files.declared,
            "owned by a package": files.package,
            "generated": files.generated,
            "known good": files.known_good,
        }
        return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "none"

    def _disagreeing(self) -> Styled:
        counts = Counter(row.kind for row in self._all or ())
        parts: list[Part] = []
        for kind in KIND_MEANINGS:
            if counts[kind]:
                parts += [", " if parts else "", (f"{counts[kind]:,} {kind}", _TONES.get(kind, "warning"))]
        other = self.store.sbom.files.unowned_other if self.store.sbom else 0
        if other:
            parts += [", " if parts else "", (f"{other:,} unowned that are no programs", "muted")]
        return parts or (("nothing", "success"),)

    def card(self, record: DriftRow) -> Sequence[Item]:
        """What the row means and where it leads."""
        items: list[Item] = [
            Heading(record.kind),
            Paragraph(KIND_MEANINGS[record.kind]),
            Blank(),
            Fact("subject", record.subject, payload=record if record.path or record.package else None),
        ]
        pairs = (
            ("declared", record.declared),
            ("found", record.found),
            ("layer", "" if record.layer is None else str(record.layer)),
            ("state", record.state),
            ("purl", record.purl),
        )
        return [*items, *(Fact(label, text) for label, text in pairs if text)]

    def nothing(self) -> str:
        """Why the list is empty."""
        if self._query:
            return "Nothing here answers the filter."
        return none_so_far(self.store, "disagreement", "Nothing disagrees.")

    def open_record(self, record: DriftRow) -> None:
        """To the file, or to the package."""
        self.follow(record)

    def follow(self, payload: object) -> None:
        """To the file, or to the package."""
        if not isinstance(payload, DriftRow):
            return
        if payload.path is not None:
            self.post_message(ShowPath(payload.path, payload.layer))
        elif payload.package:
            self.post_message(ShowPackage(payload.package))


PANE = PaneKind("sbom", "SBOM", SbomPane, tab=4)
