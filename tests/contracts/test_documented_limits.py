"""docs/limits.md against the program: every limit stands there with its default, its unit and its meaning."""

from __future__ import annotations

from pathlib import Path

from forensics.cli._limits import meanings, names, unit, written
from forensics.limits import DEFAULT

_PAGE = Path(__file__).parents[2] / "docs" / "limits.md"


def test_the_table_is_that_of_the_program() -> None:
    rows = [line for line in _PAGE.read_text().splitlines() if line.startswith("| `")]
    told = meanings()
    expected = [
        f"| `{name}` | `{written(name, getattr(DEFAULT, name))}` | {unit(name)} | {told[name]} |"
        for name in names()
    ]
    assert [row[: len(wanted)] for row, wanted in zip(rows, expected, strict=True)] == expected


def test_it_says_of_every_limit_what_reaching_it_does() -> None:
    rows = [line for line in _PAGE.read_text().splitlines() if line.startswith("| `")]
    silent = [row.split("`")[1] for row in rows if not row.split("|")[5].strip()]
    assert silent == ["ratio_free_bytes"], "it only says from where on another limit holds"
