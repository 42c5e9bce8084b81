"""Renders the finished analysis, and opens one that was saved.

One public module a format defines `REPORT`; `reports()` collects them.
"""

from __future__ import annotations

import sys
from functools import cache

from forensics import plugins
from forensics.reports._format import ReportFormat
from forensics.reports._saved import is_saved_report, load_report
from forensics.reports._words import layer_table

__all__ = ["ReportFormat", "is_saved_report", "layer_table", "load_report", "reports"]


@cache
def reports() -> dict[str, ReportFormat]:
    """Every report format by its id, in name order."""
    return {plugin.id: plugin for plugin in plugins.collect(sys.modules[__name__], "REPORT", ReportFormat)}
