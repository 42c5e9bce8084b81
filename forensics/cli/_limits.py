"""`--limit NAME=VALUE`: the bounds of `forensics.limits`, raised or lowered by a person; docs/limits.md."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

import click
import msgspec
from click.shell_completion import CompletionItem

from forensics import limits
from forensics.cli._terminal import write_lines
from forensics.errors import UsageError
from forensics.limits import DEFAULT, Limits
from forensics.printable import printable

HELP = "help"
_MOST = 1 << 50
_VALUE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")
_BYTES = {
    "": 1,
    "b": 1,
    **{f"{letter}{end}": 1000**power for power, letter in enumerate("kmgt", 1) for end in ("", "b")},
    **{f"{letter}i{end}": 1024**power for power, letter in enumerate("kmgt", 1) for end in ("", "b")},
}
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
_COUNTS = {"": 1, "k": 1000, "m": 1000**2}


class LimitChoice(click.ParamType[str]):
    """`NAME=VALUE`, completed by name."""

    name = "limit"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """The limits whose names begin like this."""
        return [CompletionItem(f"{name}=") for name in names() if name.startswith(incomplete)]


def names() -> tuple[str, ...]:
    """Every limit, in the order of its place in the program."""
    return Limits.__struct_fields__


def unit(name: str) -> str:
    """What a limit counts: `bytes`, `seconds` or `count`."""
    last = name.rpartition("_")[2]
    return last if last in {"bytes", "seconds"} else "count"


def written(name: str, value: int) -> str:
    """A value as it can be given: `64GiB`, `4h`, `200000`."""
    steps = {"bytes": ("TiB", "GiB", "MiB", "KiB"), "seconds": ("h", "m")}.get(unit(name), ())
    scale = _BYTES if unit(name) == "bytes" else _SECONDS
    for step in steps:
        size = scale[step.lower()]
        if value >= size and not value % size:
            return f"{value // size}{step}"
    return str(value)


def meanings() -> dict[str, str]:
    """What each limit bounds, by name: the sentences that stand behind them in `forensics.limits`."""
    import ast
    import inspect
    from itertools import pairwise

    module = ast.parse(inspect.getsource(limits))
    [body] = [each.body for each in module.body if isinstance(each, ast.ClassDef)]
    found: dict[str, str] = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            told = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
            found[field.target.id] = str(text.value.value) if told else ""  # type: ignore[attr-defined]
    return found


def limits_of(chosen: Sequence[str]) -> Limits:
    """The defaults with what was chosen; UsageError for a name or a value that is none."""
    values: dict[str, int] = {}
    for choice in chosen:
        name, equals, value = choice.partition("=")
        name = name.strip().replace("-", "_")
        if name not in names():
            near = difflib.get_close_matches(name, names(), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"there is no limit {printable(name)}", f"{hint}--limit help lists them")
        if not equals:
            raise UsageError(f"--limit {name} has no value", f"for example --limit {_example(name)}")
        values[name] = _number(name, value.strip())
    return msgspec.structs.replace(DEFAULT, **values)


def _number(name: str, value: str) -> int:
    found = _VALUE.fullmatch(value)
    scale = {"bytes": _BYTES, "seconds": _SECONDS, "count": _COUNTS}[unit(name)]
    if found is None or found[2].lower() not in scale:
        raise UsageError(
            f"{printable(value)} is no value for {name}", f"for example --limit {_example(name)}"
        )
    number = int(float(found[1]) * scale[found[2].lower()]) if "." in found[1] else 0
    number = number or int(found[1].partition(".")[0]) * scale[found[2].lower()]
    if not 0 < number <= _MOST:
        raise UsageError(f"{name} may be from 1 to {_MOST}", f"for example --limit {_example(name)}")
    return number


def _example(name: str) -> str:
    return f"{name}={written(name, 2 * getattr(DEFAULT, name))}"


def show_limits(context: click.Context, _parameter: click.Parameter, chosen: Any) -> Any:
    """The callback of `--limit`: `help` lists them all and ends the program."""
    if HELP in chosen and not context.resilient_parsing:
        _list()
        context.exit()
    return chosen


def _list() -> None:
    told = meanings()
    rows = [(name, written(name, getattr(DEFAULT, name)), unit(name), told.get(name, "")) for name in names()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    write_lines(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]}" for row in rows
    )
