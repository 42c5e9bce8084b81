"""What the analysis screen does through a dialogue, and the notes an analyst takes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual import on
from textual.message import Message
from textual.screen import Screen

from forensics.cancellation import Cancellation
from forensics.errors import ForensicsError
from forensics.layers import ImageView
from forensics.model.files import FileVersion
from forensics.model.findings import Finding
from forensics.pipeline.export import export_versions
from forensics.printable import printable
from forensics.tui.panes import ChooseFile, Pane, ShowPath
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.progress_words import has_ended, unfinished
from forensics.tui.screens.choose import ChooseScreen
from forensics.tui.screens.find_path import FindPathScreen
from forensics.tui.screens.help import HelpScreen
from forensics.tui.screens.notice import NoticeScreen
from forensics.tui.screens.save import Export, ExportScreen, SaveReportScreen
from forensics.tui.store import Run, Store, Topic
from forensics.tui.widgets import Styled
from forensics.tui.words import share_text
from forensics.tui.workspace import Workspace

_DIGEST_SHOWN = 12
_WHOLE_OR_NONE = (
    "A report answers for the whole image: what was found, what was compared, what could not be read. "
    "Of half an analysis it would read as if the rest were clean. So none is made."
)
_WHAT_STAYS = "What is known stays on the screen"
_EXPORT_STAYS = ", and x exports the files with their digests"
_AGAIN = ". For a report, open the image again with o and let the analysis come to its end."


class DialogueActions(Screen[None]):
    """The half of the analysis screen that asks, writes and takes notes."""

    class Exported(Message):
        """An export ended: a sentence, and whether it is a bad one."""

        def __init__(self, told: str, *, failed: bool = False) -> None:
            super().__init__()
            self.told = told
            self.failed = failed

    def __init__(self, store: Store, workspace: Workspace) -> None:
        super().__init__()
        self.store = store
        self.workspace = workspace
        self._exporting: Cancellation | None = None

    def tell(self, sentence: str, *, failed: bool = False) -> None:
        """Say something for a few seconds."""
        self.notify(printable(sentence), severity="error" if failed else "information", markup=False)

    def recolour(self) -> None:
        """Another look: the frames are coloured directly."""
        for pane in self.query(Pane):
            pane.colour_frame()

    # -- notes ------------------------------------------------------------------------------------------

    def chosen_finding(self) -> Finding | None:
        """The finding under the cursor of the list that is looked at."""
        panes = [pane for pane in self.query(FindingsPane) if pane.is_on_screen]
        return panes[0].chosen if panes else None

    def chosen_version(self) -> FileVersion | None:
        """The file that is looked at."""
        panes = [pane for pane in self.query(FindingsPane) if pane.has_focus_within]
        if panes and panes[0].chosen is not None and self.store.files is not None:
            return self.store.files.of_finding(panes[0].chosen)
        if not self.workspace.display:
            return None
        node = self.workspace.files_pane.chosen
        if self.workspace.active == "files" and node is not None and node.row is not None:
            return node.row.version
        return self.workspace.detail_pane.version

    def action_mark_reviewed(self) -> None:
        """Mark the chosen finding as reviewed, or not."""
        finding = self.chosen_finding()
        if finding is None:
            self.tell("choose a finding to mark")
        else:
            self.store.notebook.toggle_reviewed(finding.id)
            self.notes_changed()

    def action_bookmark(self) -> None:
        """Bookmark the chosen file, or forget it."""
        version = self.chosen_version()
        if version is None:
            self.tell("choose a file to bookmark")
            return
        there = self.store.notebook.toggle_bookmark(version.layer, printable(version.path))
        self.tell(f"{'bookmarked' if there else 'no longer bookmarked'}: {printable(version.path)}")
        self.notes_changed()

    def notes_changed(self) -> None:
        """Draw what shows notes."""
        for pane in self.query(FindingsPane):
            pane.store_changed(frozenset({Topic.NOTES}))
        self.workspace.detail_pane.draw_head()

    def action_show_bookmarks(self) -> None:
        """Choose among the bookmarked places."""
        bookmarks = self.store.notebook.bookmarks
        if not bookmarks:
            self.tell("nothing is bookmarked yet: b bookmarks the chosen file")
            return
        lines = [f"layer {layer}  {path}" for layer, path in bookmarks]

        def go(chosen: int | None) -> None:
            if chosen is not None:
                layer, path = bookmarks[chosen]
                self.post_message(ShowPath(path, layer))

        self.app.push_screen(ChooseScreen("Bookmarks", "place", lines), go)

    # -- finding ----------------------------------------------------------------------------------------

    def action_find_path(self) -> None:
        """Find any version of any path."""
        files = self.store.files
        if files is None:
            self.tell("the layers are still being read")
            return

        def go(version: FileVersion | None) -> None:
            if version is not None:
                self.post_message(ChooseFile(version.path, version.key, deeper=True, jump=True))

        self.app.push_screen(FindPathScreen(self.store, files), go)

    def action_show_help(self) -> None:
        """Every key."""
        self.app.push_screen(HelpScreen())

    # -- writing ----------------------------------------------------------------------------------------

    def action_save_report(self) -> None:
        """Write the report to a file."""
        if self.store.report is None:
            if has_ended(self.store):
                self.app.push_screen(NoticeScreen("There is no report to save", no_report(self.store)))
            else:
                self.tell("the report is ready when the analysis is finished")
            return

        def told(path: Path | None) -> None:
            if path is not None:
                self.tell(f"saved {path}")

        self.app.push_screen(SaveReportScreen(self.store.report, f"forensics-{self._image_name()}"), told)

    def action_export(self) -> None:
        """Copy the chosen file out."""
        if self.store.view is None:
            self.tell("the bytes are not at hand: open the image itself to export from it", failed=True)
            return
        version = self.chosen_version()
        groups = [
            ("this version", (version,) if version else ()),
            ("every version of this path", self._all_versions(version)),
            ("every file with a finding", self._found_versions()),
        ]
        if not any(versions for _, versions in groups):
            self.tell("choose a file to export")
            return
        folder = Path(f"evidence-{self._image_name()}")
        self.app.push_screen(ExportScreen(groups, folder), self._export)

    def _all_versions(self, version: FileVersion | None) -> tuple[FileVersion, ...]:
        if version is None or self.store.files is None:
            return ()
        return tuple(self.store.files.of_path(version.path))

    def _found_versions(self) -> tuple[FileVersion, ...]:
        files = self.store.files
        if files is None:
            return ()
        found = (files.of_finding(finding) for finding in self.store.findings.ordered)
        return tuple({version.key: version for version in found if version is not None}.values())

    def _image_name(self) -> str:
        return self.store.digest.rpartition(":")[2][:_DIGEST_SHOWN] or "image"

    def _export(self, wanted: Export | None) -> None:
        view, card = self.store.view, self.store.card
        if wanted is None or view is None or card is None:
            return
        origin = {
            "reference": card.reference,
            "manifest_digest": card.manifest_digest,
            "config_digest": card.config_digest,
        }
        self._exporting = Cancellation()
        self.run_worker(
            partial(self._copy_out, view, wanted, origin, self._exporting),
            thread=True,
            group="export",
            exit_on_error=False,
        )
        self.tell(f"exporting {len(wanted.versions):,} file versions to {wanted.folder}")

    def _copy_out(
        self, view: ImageView, wanted: Export, origin: dict[str, str], cancel: Cancellation
    ) -> None:
        """The thread of an export."""
        try:
            manifest = export_versions(view, wanted.versions, wanted.folder, image=origin, cancel=cancel)
        except ForensicsError as error:
            self.post_message(self.Exported(f"{error.message}: {error.hint}", failed=True))
            return
        short = sum(1 for row in manifest.files if not row.complete)
        told = f"{wanted.folder} now holds {len(manifest.files):,} file versions and their manifest"
        self.post_message(
            self.Exported(f"{told}; {short} are incomplete" if short else told, failed=bool(short))
        )

    @on(Exported)
    def _exported(self, event: Exported) -> None:
        event.stop()
        self.tell(event.told, failed=event.failed)

    def on_unmount(self) -> None:
        """An export in the middle of a file does not keep the program from ending."""
        if self._exporting is not None:
            self._exporting.cancel()


def no_report(store: Store) -> list[Styled]:
    """Why an analysis that ended too early gives nothing to save, and what can be kept of it."""
    share = store.examined_share
    examined = "none" if share is None else share_text(share)
    reason = store.error.message if store.error is not None and store.run is Run.FAILED else ""
    told = f"{unfinished(store)}; {examined} of the bytes were examined."
    return [
        ((told[0].upper() + told[1:], "warning"),),
        *([((reason, "error"),)] if reason else []),
        _WHOLE_OR_NONE,
        _WHAT_STAYS + (_EXPORT_STAYS if store.view is not None else "") + _AGAIN,
    ]
