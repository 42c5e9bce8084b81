"""What a report format is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from forensics.model.report import Report

if TYPE_CHECKING:
    from rich.console import Console


class ReportFormat(ABC):
    """One way to write an analysis down.

    `id` is the module's name and the word after `--format`; `extension` the end of a file's name, with
    its dot.
    """

    id: str
    extension: str

    @abstractmethod
    def render(self, report: Report) -> str:
        """The whole report as text that ends with a newline; the same report gives the same text."""

    def show(self, report: Report, console: Console) -> None:
        """Write the report to a person's console, in its width and with the colours it has."""
        console.out(self.render(report), end="", highlight=False)
