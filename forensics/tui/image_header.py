"""The line at the top: which image, how bad, how much was seen. The least important gives way first."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from forensics.tui.panes.overview import VERDICT_TONES
from forensics.tui.progress_words import unfinished
from forensics.tui.store import Store
from forensics.tui.widgets import Part, plain, to_content
from forensics.tui.words import severity_counts, share_text, size_words

_GAP = 2


@dataclass(frozen=True, slots=True)
class _Piece:
    """One thing to say, and how long it stays when the line gets short."""

    importance: int
    parts: tuple[Part, ...]


class ImageHeader(Widget):
    """Drawn from the store whenever the screen asks for it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ImageHeader { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground; }
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def render(self) -> RenderResult:
        """The pieces there is room for."""
        pieces = self._pieces()
        width = self.size.width
        while len(pieces) > 1 and _width(pieces) > width:
            pieces.remove(min(pieces, key=lambda piece: piece.importance))
        texts = [to_content(piece.parts) for piece in pieces]
        if texts and texts[0].cell_length > width:
            texts[0] = texts[0].truncate(width, ellipsis=True)
        return Content(" " * _GAP).join(texts)

    def _pieces(self) -> list[_Piece]:
        store = self._store
        card = store.card
        pieces = [_Piece(99, ((_short_reference(store.reference), "strong"),))]
        if card is not None:
            digest = card.manifest_digest or card.config_digest
            count = len(store.image_layers)
            pieces += [
                _Piece(5, ((card.platform, "muted"),)),
                _Piece(6, (f"{count} layer" + ("" if count == 1 else "s"),)),
                _Piece(4, (size_words(store.size),)),
                _Piece(1, ((digest[:19] + "…" if digest else "no digest", "muted"),)),
            ]
        verdict = store.verdict
        if verdict is not None:
            word = f"{verdict.level} so far" if unfinished(store) else verdict.level.upper()
            pieces.append(_Piece(9, ((f"● {word}", VERDICT_TONES.get(verdict.level, "")),)))
        shown: list[Part] = []
        for severity, number in severity_counts(store.findings.ordered).items():
            if severity.rank > 0:
                shown += [
                    " " if shown else "",
                    (f"{severity.sign} {number} {severity.value}", severity.value),
                ]
        if shown:
            pieces.append(_Piece(8, tuple(shown)))
        share = store.examined_share
        if share is not None:
            pieces.append(_Piece(7, ((f"examined {share_text(share, 1)}", "muted"),)))
        return pieces


def _width(pieces: list[_Piece]) -> int:
    texts = [Content(plain(piece.parts)).cell_length for piece in pieces]
    return sum(texts) + _GAP * (len(texts) - 1)


def _short_reference(reference: str) -> str:
    """The last component of a path, as it is the one that tells images apart."""
    return reference.rstrip("/").rpartition("/")[2] or reference
