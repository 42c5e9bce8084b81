"""The part of the detail pane that looks into archives: a worker reads the member meanwhile."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial

from textual import on

from forensics.errors import ForensicsError
from forensics.model.files import FileVersion
from forensics.model.findings import Finding
from forensics.tui.members import inner_name, inner_of
from forensics.tui.panes._pane import Pane
from forensics.tui.viewers import OpenMember


class MemberPane(Pane):
    """Shows members of archives as the versions that a worker made readable."""

    @property
    @abstractmethod
    def version(self) -> FileVersion | None:
        """The file version, or the member, that is shown."""

    @abstractmethod
    def show_version(
        self, version: FileVersion, viewer: str | None = None, offset: int | None = None, length: int = 0
    ) -> None:
        """Show a file version; with an offset, these of its bytes."""

    @property
    def listed_path(self) -> str | None:
        """The path of the image that is looked at: of a member, that of the file that holds it."""
        version = self.version
        outer = self.store.outer_of(version) if version else None
        return outer.path if outer else version.path if version else None

    def show_of_finding(
        self, finding: Finding, version: FileVersion, offset: int | None, length: int
    ) -> None:
        """Show what a finding speaks of in this file, or the member of it; with an offset, these bytes."""
        inner = inner_name(finding, version)
        if inner and self.store.members is not None:
            self._look_into(version, inner, finding.sha256 or "", offset, length)
        elif inner:
            self.show_version(version)
        else:
            self.show_version(version, offset=offset, length=length)

    @on(OpenMember)
    def _member_asked(self, event: OpenMember) -> None:
        event.stop()
        version = self.version
        if version is not None:
            outer = self.store.outer_of(version) or version
            self._look_into(outer, inner_of(version, outer, event.member), event.sha256, None, 0, enter=True)

    def _look_into(
        self,
        outer: FileVersion,
        inner: str,
        sha256: str,
        offset: int | None,
        length: int,
        *,
        enter: bool = False,
    ) -> None:
        if self.version is None or self.version.key != outer.key:
            self.show_version(outer)
        work = partial(self._read, outer, inner, sha256, offset, length, enter)
        self.run_worker(work, thread=True, exclusive=True, group="member", exit_on_error=False)

    def _read(
        self,
        outer: FileVersion,
        inner: str,
        sha256: str,
        offset: int | None,
        length: int,
        enter: bool,  # noqa: FBT001
    ) -> None:
        """Read the member: in a thread, as a worker process has to find it."""
        members = self.store.members
        if members is None:
            return
        try:
            version, problem = members.read(outer, inner, sha256)
        except ForensicsError as error:
            self.app.call_from_thread(self._tell, error.message)
            return
        self.app.call_from_thread(self._present_member, outer, version, problem, offset, length, enter)

    def _present_member(
        self,
        outer: FileVersion,
        version: FileVersion,
        problem: str,
        offset: int | None,
        length: int,
        enter: bool,  # noqa: FBT001
    ) -> None:
        if self.version is None or self.version.key != outer.key:
            return  # the person went on meanwhile
        self.show_version(version, offset=offset, length=length)
        if enter:
            self.focus_inside()
        if problem:
            self._tell(problem)

    def _tell(self, text: str) -> None:
        self.app.notify(text, severity="warning", markup=False)
