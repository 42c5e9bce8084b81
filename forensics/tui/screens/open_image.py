"""Which image to open: a path or a reference, with the recent ones and what lies in the folder at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, Label, Static

from forensics.errors import ForensicsError
from forensics.tui.local_paths import PathSuggester, common_start, completions
from forensics.tui.state_folder import RecentImage
from forensics.tui.widgets import Column, Styled, VirtualTable, to_content

_INTRODUCTION = (
    "A docker-save archive, an OCI layout (folder or tar), either of them compressed, an unpacked root "
    "filesystem, an image of a registry or an engine, or a JSON report that was saved."
)


class _Offers:
    """The recent images, or what the typed path can become."""

    def __init__(self) -> None:
        self.recent: Sequence[RecentImage] = ()
        self.paths: list[str] | None = None

    def count(self) -> int:
        """How many lines there are."""
        return len(self.recent if self.paths is None else self.paths)

    def row(self, index: int) -> Sequence[Styled]:
        """One line."""
        if self.paths is not None:
            path = self.paths[index]
            return (((path, "folder"),) if path.endswith("/") else path, "")
        image = self.recent[index]
        return (image.reference, ((f"with {image.sbom}", "muted"),) if image.sbom else "")


class OpenImageScreen(Screen[None]):
    """Two inputs and a list; an error stands below them as a line and a hint."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "app.leave_form", "Quit", key_display="esc"),
    ]
    heading: ClassVar[str] = "Open an image"
    introduction: ClassVar[str] = _INTRODUCTION

    class Asked(Message):
        """The person wants this image, with this SBOM file if it is not empty."""

        def __init__(self, reference: str, sbom: str) -> None:
            super().__init__()
            self.reference = reference
            self.sbom = sbom

    def __init__(self, recent: Sequence[RecentImage]) -> None:
        super().__init__()
        self._offers = _Offers()
        self._offers.recent = recent
        self._error: ForensicsError | None = None
        self._failed = ""

    def compose(self) -> ComposeResult:
        """The form in a frame."""
        with Vertical(classes="dialogue tall") as frame:
            frame.border_title = to_content(self.heading)
            frame.border_subtitle = to_content("tab completes · ↓ to the list · enter opens")
            yield Static(to_content(((self.introduction, "muted"),)), id="introduction")
            yield Label("Image", markup=False)
            yield Input(
                placeholder="path, or registry:HOST/NAME:TAG, docker:NAME, rootfs:PATH",
                suggester=PathSuggester(),
                id="reference",
            )
            yield Label("Declared SBOM (optional)", markup=False)
            yield Input(placeholder="CycloneDX or SPDX JSON file", suggester=PathSuggester(), id="sbom")
            yield Static(id="problem")
            yield VirtualTable(
                self._offers,
                [Column("recent images", 50, min_width=20, flexible=True), Column("", 24, importance=-1)],
            )
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """The first input gets the keys, and what was told before there was one."""
        field = self.query_one("#reference", Input)
        field.value = self._failed
        field.focus()
        self._tell()

    def show_error(self, reference: str, error: ForensicsError | None) -> None:
        """Say why an image could not be opened; the input holds it again to be corrected."""
        self._error, self._failed = error, reference
        if self.is_mounted:
            field = self.query_one("#reference", Input)
            field.value = reference
            field.focus()
            self._tell()

    def set_recent(self, recent: Sequence[RecentImage]) -> None:
        """Offer other recent images."""
        self._offers.recent = recent
        self._list()

    def on_key(self, event: events.Key) -> None:
        """Tab completes a path as far as it is certain; down goes to the list, and up from there back."""
        field = self.focused
        if isinstance(field, VirtualTable) and event.key == "up" and field.cursor == 0:
            self.query_one("#reference").focus()
            event.stop()
        if not isinstance(field, Input):
            return
        if event.key == "tab":
            longer = common_start(completions(field.value)) if field.value else ""
            if len(longer) > len(field.value):
                field.value = longer
                field.cursor_position = len(longer)
                event.prevent_default()
                event.stop()
        elif event.key == "down" and self._offers.count():
            self.query_one(VirtualTable).focus()
            event.stop()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._offers.paths = completions(event.value) if event.value else None
        self._list()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        reference = self.query_one("#reference", Input).value.strip()
        if reference:
            self.post_message(self.Asked(reference, self.query_one("#sbom", Input).value.strip()))

    @on(VirtualTable.Opened)
    def _chosen(self, event: VirtualTable.Opened) -> None:
        event.stop()
        reference = self.query_one("#reference", Input)
        if self._offers.paths is None:
            image = self._offers.recent[event.index]
            self.post_message(self.Asked(image.reference, image.sbom))
            return
        target = self._last_input()
        target.value = self._offers.paths[event.index]
        target.cursor_position = len(target.value)
        target.focus()
        if target is reference and not target.value.endswith("/"):
            self.post_message(self.Asked(target.value, self.query_one("#sbom", Input).value.strip()))

    def _last_input(self) -> Input:
        """The input whose completions are listed."""
        sbom = self.query_one("#sbom", Input)
        listed = self._offers.paths or []
        return (
            sbom if sbom.value and listed == completions(sbom.value) else self.query_one("#reference", Input)
        )

    def _list(self) -> None:
        table = self.query_one(VirtualTable)
        table.refresh_model(cursor=0)
        table.display = bool(self._offers.count())

    def _tell(self) -> None:
        told = self.query_one("#problem", Static)
        told.display = self._error is not None
        if self._error is None:
            return
        lines = [to_content((("error: ", "error"), self._error.message))]
        if self._error.hint:
            lines.append(to_content((("hint: ", "accent"), self._error.hint)))
        told.update(Content("\n").join(lines))


class OpenAnotherScreen(OpenImageScreen):
    """The form over an analysis, which it leaves alone until another image is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "app.leave_form", "Back to the analysis", key_display="esc"),
        Binding("ctrl+q", "app.leave", "Quit", key_display="ctrl+q", priority=True),
    ]
    heading = "Open another image"
    introduction = f"{_INTRODUCTION} The analysis behind this goes on, and ends when another image is open."
