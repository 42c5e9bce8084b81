"""What a report format is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from forensics.model.report import Report


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
