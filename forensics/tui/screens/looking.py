"""What the analysis screen does to look: filters, ways to look, what is listed, from finding to finding."""

from __future__ import annotations

from abc import abstractmethod

from forensics.model.files import Change, FileVersion
from forensics.model.findings import Finding
from forensics.tui.commands import command_of
from forensics.tui.findings_book import first_bytes
from forensics.tui.navigation import Place, Trail
from forensics.tui.panes import Pane
from forensics.tui.panes._records import RecordsPane
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.screens.dialogues import DialogueActions
from forensics.tui.store import Store
from forensics.tui.viewer_choice import HEX
from forensics.tui.workspace import Workspace

LAYERS_TAB = "layers"


class LookingActions(DialogueActions):
    """The part of the analysis screen that looks. Where one is belongs to the screen itself."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        super().__init__(store, workspace)
        self.panes_of_tabs: dict[str, Pane] = {}
        self.trail = Trail()
        self.finding: Finding | None = None
        self.accumulated = False

    # -- what the screen gives --------------------------------------------------------------------------

    @property
    @abstractmethod
    def tab(self) -> str:
        """The id of the tab that is shown."""

    @property
    @abstractmethod
    def place(self) -> Place:
        """Where one is."""

    @abstractmethod
    def action_show_tab(self, tab: str) -> None:
        """Go to a tab."""

    @abstractmethod
    def show_finding(
        self, finding: Finding, offset: int | None = None, length: int = 0, *, deeper: bool = False
    ) -> None:
        """Move all columns to what a finding speaks of; `deeper` goes on to its bytes."""

    @abstractmethod
    def set_layer(self, layer: int | None) -> None:
        """List the files of a layer."""

    @abstractmethod
    def preview_node(self) -> None:
        """Show in the detail pane what the cursor of the tree is on."""

    def works_here(self, action: str) -> bool:
        """Whether a command does something in this tab; if not, a sentence says where it does."""
        command = command_of(action)
        if command.works_in(self.tab):
            return True
        self.tell(f"{command.key} works in {command.places}")
        return False

    # -- looking ----------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """The filter of the pane that has the keys, or the search in the bytes."""
        if self.tab == LAYERS_TAB:
            work = self.workspace
            if work.active == "detail":
                work.detail_pane.open_filter()
            elif work.active == "findings":
                work.findings_pane.open_filter()
            else:
                work.files_pane.open_filter()
            return
        pane = self.panes_of_tabs[self.tab]
        if self.works_here("filter") and isinstance(pane, (RecordsPane, FindingsPane)):
            pane.open_filter()

    def action_zoom(self) -> None:
        """One column alone, and back."""
        if self.works_here("zoom"):
            self.workspace.zoom()

    def action_show_hex(self) -> None:
        """The bytes of the chosen file, from the place that the chosen finding points to."""
        if not self.works_here("show_hex"):
            return
        pane = self.panes_of_tabs.get(self.tab)
        if isinstance(pane, FindingsPane):
            if pane.chosen is None:
                return
            self.trail.leave(self.place)
            self.show_finding(pane.chosen, deeper=True)
        version = self._detail_with_file()
        if version is None:
            return
        detail, files = self.workspace.detail_pane, self.store.files
        if detail.viewer != HEX:
            offset, length = detail.byte_offset, 0
            finding = self.finding
            if offset is None and finding is not None and files is not None:
                spoken_of = files.of_finding(finding)
                if spoken_of is not None and spoken_of.key == version.key:
                    offset, length = first_bytes(finding)
            detail.use(HEX, offset, length)
        self.workspace.enter("detail")

    def action_next_viewer(self) -> None:
        """Another way to look."""
        if self.works_here("next_viewer"):
            self.workspace.detail_pane.step(1)

    def action_previous_viewer(self) -> None:
        """The way before."""
        if self.works_here("previous_viewer"):
            self.workspace.detail_pane.step(-1)

    def action_go_to_offset(self) -> None:
        """Ask for an offset."""
        if self.works_here("go_to_offset") and self._detail_with_file() is not None:
            self.workspace.enter("detail")
            self.workspace.detail_pane.ask_offset()

    def _detail_with_file(self) -> FileVersion | None:
        """The file that is looked at, now if it was about to be."""
        if self.workspace.active == "files":
            self.preview_node()
        version = self.workspace.detail_pane.version
        if version is None:
            self.tell("choose a file to look at its bytes")
        return version

    def action_toggle_accumulated(self) -> None:
        """The layer alone, or the image after it."""
        if self.works_here("toggle_accumulated"):
            self.accumulated = not self.accumulated
            self.set_layer(self.workspace.layers_pane.chosen)

    def action_toggle_change(self, change: str) -> None:
        """List what was changed in this way, or do not."""
        if self.works_here("toggle_change"):
            self.workspace.files_pane.toggle_change(Change(change))

    def action_step_finding(self, step: int) -> None:
        """The next or the previous finding of the list."""
        tab = self.panes_of_tabs.get(self.tab)
        if isinstance(tab, FindingsPane):
            tab.table.move_cursor(tab.table.cursor + step)
            return
        if self.tab != LAYERS_TAB:
            self.action_show_tab(LAYERS_TAB)
        pane = self.workspace.findings_pane
        pane.draw_if_stale()
        if not pane.listed:
            self.tell("there is no finding")
            return
        ids = [finding.id for finding in pane.listed]
        here = self.finding.id if self.finding else None
        row = (ids.index(here) + step) % len(ids) if here in ids else (0 if step > 0 else len(ids) - 1)
        if self.finding is None:
            self.trail.leave(self.place)
        self.show_finding(pane.listed[row])
        if self.workspace.shows_one:
            self.workspace.enter("detail")
