"""`forensics samples`: training images and their answer keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli._terminal import write_json, write_lines, write_table
from forensics.printable import printable
from forensics.quantities import counted

if TYPE_CHECKING:
    from forensics.samples import Answer

_NOT_ALL_FOUND = 1


@click.group("samples")
def samples() -> None:
    """Build inert training images, and grade a report against their answer keys."""


@samples.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one element a line.")
def list_samples(*, as_json: bool) -> None:
    """List the training images: id, level, title."""
    from forensics.samples import load_recipes

    rows = [{"id": recipe.id, "level": recipe.level, "title": recipe.title} for recipe in load_recipes()]
    if as_json:
        write_json(rows)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("id", "level", "title"):
        table.add_column(heading, no_wrap=heading != "title")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row.values()))
    write_table(table)


@samples.command("build")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--only", "ids", multiple=True, metavar="ID", help="This image alone; repeatable.")
def build_samples(*, folder: Path, ids: tuple[str, ...]) -> None:
    """Write the training images into DIR, each with its briefing and its answer key.

    The same bytes every time. Files of the same names are replaced.
    """
    from forensics.samples import build, load_recipes, recipe_of

    recipes = [recipe_of(recipe_id) for recipe_id in ids] if ids else load_recipes()
    write_lines(printable(str(build(recipe, folder))) for recipe in recipes)


@samples.command("grade")
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def grade(*, report: Path, key: Path) -> int:
    """Compare the JSON report REPORT with the answer key KEY, line by line.

    Ends with 1 when an answer was not found, or when something else was found above the key's ceiling.
    """
    from forensics.cli._answer_key import read_answer_key
    from forensics.reports import load_report

    answers = read_answer_key(key)
    findings = load_report(report).findings
    met = [any(answer.met_by(finding) for finding in findings) for answer in answers.answers]
    excess = [
        finding
        for finding in findings
        if finding.severity.rank > answers.ceiling.rank
        and not any(answer.met_by(finding) for answer in answers.answers)
    ]
    lines = [
        f"{'found    ' if found else 'NOT FOUND'}  {_told(answer)}"
        for found, answer in zip(met, answers.answers, strict=True)
    ]
    lines += [
        f"TOO MUCH   {finding.severity}  {finding.rule_id}  {finding.path or '-'}" for finding in excess
    ]
    lines.append(
        f"{answers.id}: {sum(met)} of {counted(len(met), 'answer')} found, "
        f"{counted(len(excess), 'finding')} too much"
    )
    write_lines(map(printable, lines))
    return 0 if all(met) and not excess else _NOT_ALL_FOUND


def _told(answer: Answer) -> str:
    """What an answer asks for, in one line."""
    layer = "image" if answer.layer is None else f"layer {answer.layer}"
    return (
        f"{answer.severity}  {' or '.join(answer.categories)}  {layer}  {answer.path or '-'}  ({answer.why})"
    )


COMMAND = samples
