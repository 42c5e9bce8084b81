"""Build steps: what a history line ran, and which layer it made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.model.image import Image

ARGUMENT_LENGTH = 128 * 1024
"""Characters of one variable or argument that are read: Linux takes none that is longer (execve(2))."""
_LINE_LENGTH = 2 * ARGUMENT_LENGTH
"""Characters of one history line that are read: a command, and build arguments in front of it."""

_SHELL = r"(?:/[\w./-]*/)?(?:sh|bash|ash|dash|zsh)(?:\s+(?:-[\w-]+|pipefail))*\s+-\w*c\s+(?P<command>.*)"
_SHELL_FORM = re.compile(rf"\s*(?:RUN\s+)?(?:--\S+\s+)*{_SHELL}", re.DOTALL)
_BEHIND_ARGUMENTS = re.compile(rf"(?:^|\s){_SHELL}", re.DOTALL)
_ARGUMENTS = re.compile(r"(?P<head>\s*(?:RUN\s+)?(?:--\S+\s+)*\|(?P<count>\d{1,9}))(?:\s+|\Z)")
_ARGUMENT = re.compile(r"(?:[^\s|;&<>()`$]+\s+)*?(?P<name>[A-Za-z_][\w.-]*)=\S*(?:\s+|\Z)")
"""One build argument; the words in front of it are what is left of a value with spaces before it."""
_DECLARES = re.compile(
    r"\s*(?:/bin/sh -c )?#\(nop\)"
    r"|\s*(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL"
    r"|USER|VOLUME|WORKDIR)\s",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One build step: its place in the history, the layer it made (None for none), the line, what it ran."""

    number: int
    layer: int | None
    line: str
    command: str


def steps(image: Image) -> Iterator[Step]:
    """The build steps in order, from the history or, where there is none, from the layers."""
    history = image.config.history
    if not history:
        for source in image.layers:
            line = source.created_by[:_LINE_LENGTH]
            yield Step(source.index, source.index, line, command_of(line))
        return
    made = sum(not entry.empty_layer for entry in history)
    layer = 0
    for number, entry in enumerate(history):
        line = entry.created_by[:_LINE_LENGTH]
        known = made == len(image.layers) and not entry.empty_layer
        yield Step(number, layer if known else None, line, command_of(line))
        layer += not entry.empty_layer


def command_of(line: str) -> str:
    """The shell text that a history line ran; empty for steps that run nothing.

    A shell that is called later in the line is a part of the text, except behind build arguments, whose
    values may hold anything.
    """
    if _DECLARES.match(line):
        return ""
    shown, end = _arguments(line)
    shell = _BEHIND_ARGUMENTS.search(line[end:]) if shown else _SHELL_FORM.match(line)
    if shell and not shell.group("command").startswith(("'", '"')):
        return shell.group("command")
    return line[end:] if shown else re.sub(r"^\s*RUN\s+(?:--\S+\s+)*", "", line)


def without_arguments(line: str) -> str:
    """The line without the values of its build arguments, which builders write in front of the command.

    `|2 A=x B=y /bin/sh -c make` becomes `|2 A=… B=… make`: the values may be secrets.
    """
    shown, _ = _arguments(line)
    return " ".join([*shown, command_of(line)]) if shown else line


def _arguments(line: str) -> tuple[list[str], int]:
    """The bar that is no pipe with the names of the build arguments, and where they end; else nothing."""
    found = _ARGUMENTS.match(line)
    if found is None:
        return [], 0
    end, shown = found.end(), [found["head"]]
    for _ in range(int(found["count"])):
        argument = _ARGUMENT.match(line, end)
        if argument is None:
            break
        end = argument.end()
        shown.append(f"{argument['name']}=…")
    return shown, end


def destination(line: str) -> str:
    """Where a COPY or ADD step put its files, empty when the line does not say."""
    words = line.removesuffix("# buildkit").split()
    copies = [word for word in words[:4] if word in ("COPY", "ADD")]
    return words[-1] if copies and len(words) > 2 and words[-1].startswith("/") else ""
