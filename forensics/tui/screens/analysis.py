"""The analysis screen: tabs, the drill-down, and where every wish of a pane is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer

from forensics.model.files import FileVersion
from forensics.model.findings import Finding
from forensics.printable import told_apart
from forensics.tui.cards import folder_card, image_card, layer_card, no_file_left
from forensics.tui.commands import bindings
from forensics.tui.findings_book import first_bytes
from forensics.tui.image_header import ImageHeader
from forensics.tui.key_line import KeyLine
from forensics.tui.navigation import ColumnName, Place
from forensics.tui.one_drawing import hold_drawings
from forensics.tui.panes import (
    ChooseFile,
    ChooseFinding,
    ChooseLayer,
    Pane,
    ShowPackage,
    ShowPath,
    ShowTab,
    tabs,
)
from forensics.tui.panes._records import RecordsPane
from forensics.tui.progress_words import run_note
from forensics.tui.scopes import Scope, scope_with
from forensics.tui.screens.looking import LAYERS_TAB, LookingActions
from forensics.tui.store import Store, Topic
from forensics.tui.tab_line import Tab, TabLine
from forensics.tui.widgets import FilterBar, Sheets
from forensics.tui.workspace import COLUMNS, Workspace

_LAYERS_NUMBER = 2
_PREVIEW_SECONDS = 0.06
"""How long the cursor must rest before what it is on is looked at."""


class AnalysisScreen(LookingActions):
    """Everything known of one image. It owns where one is; the panes only ask."""

    BLANK = True  # its children cover it: without this it would be drawn line by line beneath them
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"),
        (100, "-medium"),
        (150, "-roomy"),
        (200, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        Binding(str(_LAYERS_NUMBER), f"show_tab('{LAYERS_TAB}')", "Layers", show=False),
        *(Binding(str(kind.tab), f"show_tab('{kind.id}')", kind.title, show=False) for kind in tabs()),
    ]

    def __init__(self, store: Store, first_tab: str = LAYERS_TAB) -> None:
        super().__init__(store, Workspace(store, id=LAYERS_TAB))
        self._first_tab = first_tab
        self._header = ImageHeader(store)
        titles = [Tab(LAYERS_TAB, "Layers", str(_LAYERS_NUMBER))]
        titles += [Tab(kind.id, kind.title, str(kind.tab)) for kind in tabs()]
        self._tab_line = TabLine(sorted(titles, key=lambda tab: tab.key), id="main-tabs")
        self._preview: Timer | None = None
        self._missed: frozenset[Topic] = frozenset()

    def compose(self) -> ComposeResult:
        """Header, tabs, their content, keys."""
        yield self._header
        yield self._tab_line
        with Sheets(initial=LAYERS_TAB):
            yield self.workspace
            for kind in tabs():
                pane = kind.make(self.store)
                pane.id = kind.id
                self.panes_of_tabs[kind.id] = pane
                yield pane
        yield KeyLine()

    def on_mount(self) -> None:
        """Draw what is known and give the keys to the first tab."""
        self.store_changed(frozenset(Topic))
        self._go_to_tab(self._first_tab)
        self._show_layer_card(None)
        self._set_crumbs()
        self.app.theme_changed_signal.subscribe(self, lambda _: self.recolour())
        self.call_after_refresh(self._focus_tab)

    # -- what everybody may ask -------------------------------------------------------------------------

    @property
    def tab(self) -> str:
        """The id of the tab that is shown."""
        return self.query_one(Sheets).current or LAYERS_TAB

    @property
    def place(self) -> Place:
        """Where one is."""
        work = self.workspace
        version = work.detail_pane.version
        node = work.files_pane.chosen
        return Place(
            tab=self.tab,
            scope=work.files_pane.scope,
            column=work.active,
            path=work.detail_pane.listed_path or (node.path if node else None),
            key=version.key if version else None,
            finding=self.finding.id if self.finding else None,
            viewer=work.detail_pane.viewer,
            offset=work.detail_pane.byte_offset,
        )

    def store_changed(self, topics: frozenset[Topic]) -> None:
        """Everything that shows one of these topics draws it again.

        Behind a dialogue it waits: whatever changes there has the whole dialogue drawn again in front of it.
        """
        if not self.is_current:
            self._missed |= topics
            return
        self._header.refresh()
        self._tab_line.note(run_note(self.store))
        self.workspace.store_changed(topics)
        for pane in self.panes_of_tabs.values():
            pane.store_changed(topics)

    def on_screen_resume(self) -> None:
        """The dialogue in front of it is gone."""
        missed, self._missed = self._missed, frozenset()
        if missed:
            self.store_changed(missed)

    def tab_commands(self) -> Iterator[tuple[str, str, str]]:
        """(title, help, action) of every tab, for the palette."""
        for tab in self._tab_line.tabs:
            yield f"Show {tab.title}", f"{tab.key}  the tab {tab.title}", f"show_tab('{tab.id}')"

    # -- tabs and columns -------------------------------------------------------------------------------

    def action_show_tab(self, tab: str) -> None:
        """Go to a tab."""
        if tab != self.tab:
            self.trail.leave(self.place)
            self._go_to_tab(tab)
        self._focus_tab()

    def _go_to_tab(self, tab: str) -> None:
        self.query_one(Sheets).current = tab
        self._tab_line.activate(tab)
        self.query_one(KeyLine).refresh()
        if tab in self.panes_of_tabs:
            self.panes_of_tabs[tab].draw_if_stale()
        else:
            for column in COLUMNS:
                self.workspace.pane(column).draw_if_stale()

    def _focus_tab(self) -> None:
        if self.tab == LAYERS_TAB:
            self.workspace.enter(self.workspace.active)
        else:
            self.panes_of_tabs[self.tab].focus_inside()

    def action_next_pane(self) -> None:
        """The keys go on."""
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        """The keys go back."""
        self._step_pane(-1)

    def _step_pane(self, step: int) -> None:
        if self.tab == LAYERS_TAB:
            self.workspace.enter(self.workspace.neighbour(step))
        elif step > 0:
            self.focus_next()
        else:
            self.focus_previous()

    @on(TabLine.Selected, "#main-tabs")
    def _tab_selected(self, event: TabLine.Selected) -> None:
        event.stop()
        self.action_show_tab(event.tab)

    @on(ShowTab)
    def _tab_asked(self, event: ShowTab) -> None:
        event.stop()
        self.action_show_tab(event.tab)

    # -- layer, file, finding ---------------------------------------------------------------------------

    @on(ChooseLayer)
    def _layer_chosen(self, event: ChooseLayer) -> None:
        event.stop()
        if self.tab != LAYERS_TAB:
            self.trail.leave(self.place)
            self._go_to_tab(LAYERS_TAB)
            self.workspace.layers_pane.choose(event.layer)
        self.finding = None
        self.set_layer(event.layer)
        self._show_layer_card(event.layer)
        if event.deeper:
            self.workspace.enter("files")

    def set_layer(self, layer: int | None) -> None:
        """List the files of a layer."""
        scope = Scope(layer, accumulated=self.accumulated and layer is not None)
        self.workspace.files_pane.show_scope(scope)
        self._set_crumbs()

    def _show_layer_card(self, layer: int | None) -> None:
        detail = self.workspace.detail_pane
        if layer is None:
            detail.show_card("Image", lambda: image_card(self.store))
        elif layer < len(self.store.image_layers):
            detail.show_card(f"Layer {layer}", lambda: layer_card(self.store, self.store.image_layers[layer]))

    @on(ChooseFile)
    def _file_chosen(self, event: ChooseFile) -> None:
        event.stop()
        files = self.workspace.files_pane
        version = self._version(event.key)
        if event.jump and version is not None:
            self.trail.leave(self.place)
            self.finding = None
            self._go_to_version(version)
            self.workspace.detail_pane.show_version(version)
        elif version is not None and event.deeper:
            self.workspace.detail_pane.show_version(version)
        else:
            self._look_soon(self.preview_node)
        if event.deeper and version is not None and (event.jump or files.chosen):
            self.workspace.enter("detail")
        self._set_crumbs()

    def preview_node(self) -> None:
        """Show in the detail pane what the cursor of the tree is on."""
        files = self.workspace.files_pane
        node, listed = files.chosen, files.listed
        if listed is None or (node is None and not listed.filtered):
            return
        if node is None:
            self.workspace.detail_pane.show_card("Files", no_file_left)
        elif node.folder or node.row is None:
            self.workspace.detail_pane.show_card(told_apart(node.path), lambda: folder_card(node, listed))
        else:
            self.workspace.detail_pane.show_version(node.row.version)
        self._set_crumbs()

    def _version(self, key: tuple[int, int] | None) -> FileVersion | None:
        if key is None:
            return None
        if self.store.files is not None:
            return self.store.files.by_key(key)
        early = self.store.early.get(key[0])
        return early.index.by_key(key) if early else None

    def _go_to_version(self, version: FileVersion, *, own_layer: bool = False) -> None:
        """Move layers and files to a version: in the listing of its layer, or in any that has it."""
        hold_drawings(self.app)
        self._go_to_tab(LAYERS_TAB)
        work = self.workspace
        scope = work.files_pane.scope
        if own_layer and scope.layer is None:
            scope = Scope(version.layer, accumulated=self.accumulated)
        scope = scope_with(scope, version)
        work.layers_pane.choose(scope.layer)
        work.files_pane.show_scope(scope, version.path, version.key)

    @on(ChooseFinding)
    def _finding_chosen(self, event: ChooseFinding) -> None:
        event.stop()
        if event.deeper or self.finding is None:
            self.trail.leave(self.place)
        if event.deeper:
            self.show_finding(event.finding, event.offset, event.length, deeper=True)
        else:
            self._look_soon(lambda: self.show_finding(event.finding))

    def show_finding(
        self, finding: Finding, offset: int | None = None, length: int = 0, *, deeper: bool = False
    ) -> None:
        """Move all columns to what a finding speaks of; `deeper` goes on to its bytes."""
        self.finding = finding
        work = self.workspace
        version = self.store.files.of_finding(finding) if self.store.files else None
        if version is None:
            self._go_to_tab(LAYERS_TAB)
            if finding.layer is not None:
                work.layers_pane.choose(finding.layer)
                self.set_layer(finding.layer)
            work.detail_pane.show_finding(finding)
        else:
            self._go_to_version(version, own_layer=True)
            if offset is None:
                offset, length = first_bytes(finding)
            if not (deeper or work.detail_pane.shows_bytes):
                offset = None
            work.detail_pane.show_of_finding(finding, version, offset, length)
        work.findings_pane.choose(finding.id)
        if deeper:
            work.enter("detail")
        self._set_crumbs()

    @on(ShowPath)
    def _path_asked(self, event: ShowPath) -> None:
        event.stop()
        files = self.store.files
        version = files.find_shown(event.path, event.layer) if files else None
        if version is None:
            self.notify(f"{event.path} is not in the image", severity="warning", markup=False)
            return
        self.post_message(ChooseFile(version.path, version.key, deeper=True, jump=True))

    @on(ShowPackage)
    def _package_asked(self, event: ShowPackage) -> None:
        event.stop()
        self.action_show_tab("packages")
        if isinstance(pane := self.panes_of_tabs["packages"], RecordsPane):
            pane.filter_for(f'name:"{event.name}"' if " " in event.name else f"name:{event.name}")

    @on(Workspace.ColumnEntered)
    def _column_entered(self, event: Workspace.ColumnEntered) -> None:
        event.stop()
        if event.column == "files" and self.finding is None:
            self._look_soon(self.preview_node)
        elif event.column == "layers":
            self._show_layer_card(self.workspace.layers_pane.chosen)
        self._set_crumbs()

    def _look_soon(self, look: Callable[[], None]) -> None:
        """Do it when the cursor has come to rest."""
        if self._preview is not None:
            self._preview.stop()
        self._preview = self.set_timer(_PREVIEW_SECONDS, look)

    def _set_crumbs(self) -> None:
        work = self.workspace
        steps = [self.store.reference.rstrip("/").rpartition("/")[2] or self.store.reference]
        if work.active != "layers":
            steps.append(work.files_pane.scope.title())
        if work.active in ("files", "detail"):
            node = work.files_pane.chosen
            version = work.detail_pane.version
            path = version.path if version and work.active == "detail" else (node.path if node else "")
            if path:
                steps.append(told_apart(path))
        if work.active == "findings":
            steps.append("findings")
        work.set_crumbs(tuple(steps))

    # -- back -------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """End the filter or search; else go where one came from, at the start one column to the left."""
        bar = self._open_bar()
        if bar is not None:
            bar.close()
            return
        place = self.trail.back()
        if place is not None:
            self._return_to(place)
            return
        if self.tab != LAYERS_TAB:
            self._go_to_tab(LAYERS_TAB)
            self._focus_tab()
            return
        column: ColumnName = "files" if self.workspace.active == "detail" else "layers"
        self.workspace.enter(column)

    def _open_bar(self) -> FilterBar | None:
        """The filter or search on the screen in the pane that has the keys."""
        focused = self.focused
        pane = next((each for each in focused.ancestors if isinstance(each, Pane)), None) if focused else None
        return next((bar for bar in pane.query(FilterBar) if bar.is_open), None) if pane else None

    def _return_to(self, place: Place) -> None:
        work = self.workspace
        self._go_to_tab(place.tab)
        self.finding = self.store.findings.by_id(place.finding) if place.finding else None
        work.layers_pane.choose(place.scope.layer)
        self.accumulated = place.scope.accumulated
        work.files_pane.show_scope(place.scope, place.path, place.key)
        version = self._version(place.key)
        if version is not None:
            work.detail_pane.show_version(version, place.viewer, place.offset)
        elif self.finding is not None:
            work.detail_pane.show_finding(self.finding)
        else:
            self._show_layer_card(place.scope.layer)
        if place.tab == LAYERS_TAB:
            work.enter(place.column)
        else:
            self._focus_tab()
