"""What the detail pane says of things that are no file: a layer, a folder, the whole image."""

from __future__ import annotations

from forensics.printable import printable, told_apart
from forensics.tui.image_rows import LayerRow
from forensics.tui.panes.files import Listed
from forensics.tui.scopes import Node
from forensics.tui.store import Store
from forensics.tui.widgets import Blank, Fact, Heading, Item, Paragraph, Styled
from forensics.tui.words import (
    NOTHING,
    UNKNOWN,
    mode_text,
    severity_counts,
    severity_part,
    size_words,
    status_part,
    time_text,
)

_ACQUIRED = "acquired: by its own record it came from there, and nothing else says so"
"""What stands below a reference that is the word of the record beside the image."""


def layer_card(store: Store, layer: LayerRow) -> list[Item]:
    """Everything known of a layer."""
    items: list[Item] = [
        Heading(f"Layer {layer.index}"),
        Paragraph(layer.created_by or (("no instruction is recorded", "muted"),)),
        Blank(),
        Fact("created", layer.created or NOTHING),
        Fact("digest", layer.digest or NOTHING),
        Fact("diff_id", layer.diff_id or NOTHING),
        Fact("verified", _verified(layer)),
        Fact("media type", layer.media_type or NOTHING),
        Fact("compression", UNKNOWN if layer.size is None else layer.compression or "none"),
        Fact("stored", _bytes(layer.compressed_size)),
        Fact("uncompressed", _bytes(layer.size)),
        Fact("entries", UNKNOWN if layer.entries is None else f"{layer.entries:,}"),
        Fact("added", _count(layer.added)),
        Fact("modified", _count(layer.modified)),
        Fact("deleted", _count(layer.deleted)),
        Fact("base layer", {True: "yes", False: "no", None: "not recorded"}[layer.base]),
    ]
    findings = [finding for finding in store.findings.ordered if finding.layer == layer.index]
    if findings:
        items += [Blank(), Heading("Findings in this layer")]
        items += [
            Paragraph((severity_part(severity), f"  {count}"), indent=1)
            for severity, count in severity_counts(findings).items()
        ]
    return items


def folder_card(node: Node, listed: Listed) -> list[Item]:
    """A folder, and what lies below it in the listing."""
    listing = listed.listing
    severity, count = listed.marks.finding(node.path)
    items: list[Item] = [
        Heading(told_apart(node.path)),
        Fact("entries", f"{listing.count_below(node.path):,} below"),
        Fact("changed", f"{listing.changed_below(node.path):,}" if listing.certain else UNKNOWN),
        Fact("size", _bytes(listing.size_below(node.path))),
        Fact("findings", (f"{count}, worst ", severity_part(severity)) if severity else "none"),
    ]
    status = listed.marks.folder_status(node.path)
    if status is not None:
        items.append(Fact("to look at", (f"{status[1]:,} ", status_part(status[0]))))
    if node.row is None:
        items += [
            Blank(),
            Paragraph((("No layer of this listing has an entry for the folder itself.", "muted"),)),
        ]
        return items
    version = node.row.version
    entry = version.entry
    return [
        *items,
        Blank(),
        Fact("mode", f"{entry.mode:04o} {mode_text(entry.mode, entry.kind)}"),
        Fact("owner", f"{entry.uid}:{entry.gid} {printable(entry.user)}:{printable(entry.group)}"),
        Fact("changed at", time_text(entry.mtime)),
        Fact("layer", str(version.layer)),
    ]


def no_file_left() -> list[Item]:
    """In the place of a file, while the filter of the files leaves none."""
    return [Paragraph((("No file here answers the filter.", "muted"),))]


def image_card(store: Store) -> list[Item]:
    """The whole image in a few lines; the overview says more."""
    card = store.card
    if card is None:
        return [Paragraph(UNKNOWN)]
    return [
        Heading(card.reference),
        *([Fact("source", _ACQUIRED)] if card.source == "acquired" else []),
        Fact("platform", card.platform),
        Fact("distribution", card.distribution or NOTHING),
        Fact("tags", ", ".join(card.tags) or NOTHING),
        Fact("created", card.created or NOTHING),
        Fact("manifest", card.manifest_digest or NOTHING),
        Fact("config", card.config_digest or NOTHING),
        Fact("layers", str(len(store.image_layers))),
        Fact("size", _bytes(store.size)),
    ]


def _verified(layer: LayerRow) -> Styled:
    if not layer.present:
        return (("the archive does not hold this layer", "error"),)
    if layer.size is None:
        return UNKNOWN
    if layer.verified is None:
        return "no digest was declared"
    return (
        (("every declared digest agrees", "success"),)
        if layer.verified
        else (("≠ a declared digest does not agree", "error"),)
    )


def _bytes(size: int | None) -> str:
    return UNKNOWN if size is None else f"{size:,} bytes ({size_words(size)})"


def _count(count: int | None) -> str:
    return UNKNOWN if count is None else f"{count:,}"
