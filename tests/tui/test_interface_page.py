"""The page about the interface and the page of keys say all there is, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.tui import commands, words
from forensics.tui.commands import Command, all_commands
from forensics.tui.drift_rows import DRIFT_FIELDS
from forensics.tui.file_fields import file_fields
from forensics.tui.findings_book import FINDING_FIELDS
from forensics.tui.notebook import Notebook
from forensics.tui.panes import panes, tabs
from forensics.tui.panes.coverage import CoveragePane
from forensics.tui.panes.packages import PackagesPane
from forensics.tui.panes.timeline import TimelinePane
from forensics.tui.screens.help import help_items
from forensics.tui.state_folder import StateFolder
from forensics.tui.store import Store
from forensics.tui.viewers import viewers
from forensics.tui.widgets import Fact, Heading, Paragraph, plain

PAGE = (Path(commands.__file__).parents[2] / "docs" / "interface.md").read_text()
FIELDS = {
    "files": file_fields(Store("x", Notebook(StateFolder()))),
    "findings": FINDING_FIELDS,
    "SBOM": DRIFT_FIELDS,
    "packages": PackagesPane.fields,
    "timeline": TimelinePane.fields,
    "coverage": CoveragePane.fields,
}


def help_text() -> str:
    """Everything the page of keys says."""
    lines: list[str] = []
    for item in help_items():
        if isinstance(item, Fact):
            lines.append(f"{item.label}  {plain(item.value)}")
        elif isinstance(item, (Heading, Paragraph)):
            lines.append(plain(item.text))
    return "\n".join(lines)


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: command.title)
def test_every_command_stands_on_both_pages(command: Command) -> None:
    assert f"{command.key}  {command.title}" in help_text()
    for key in command.key.removeprefix("arrows or ").split():
        assert f"`{key}`" in PAGE


def test_every_pane_and_viewer_stands_in_a_table() -> None:
    for name in (*panes(), *(viewer.id for viewer in viewers())):
        assert f"| `{name}` |" in PAGE, name
    for kind in tabs():
        assert f"| `{kind.tab}` | `{kind.id}` |" in PAGE


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_of_a_filter_stands_on_both_pages(name: str) -> None:
    listed = " ".join(
        f"**{field}**" if record.rank else field
        for field, record in FIELDS[name].items()  # type: ignore[attr-defined]
    )
    assert f"| {name} | {listed} |" in PAGE
    assert f"{name[0].upper()}{name[1:]}  {' '.join(FIELDS[name])}" in help_text()


def test_every_word_for_a_status_and_every_sign_of_a_change_is_explained() -> None:
    for word in words.STATUS_WORDS.values():
        assert f"| {word} |" in PAGE
    for sign in words.CHANGE_SIGNS.values():
        assert f"`{sign}`" in PAGE
