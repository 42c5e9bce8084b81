"""Build steps: what a history line ran, and which layer it made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.model.image import Image

TEXT_LENGTH = 64 * 1024
"""Characters of one history line that are read."""

_SHELL_FORM = re.compile(
    r"(?:^|\s)(?:/[\w./-]*/)?(?:sh|bash|ash|dash|zsh)(?:\s+(?:-[\w-]+|pipefail))*\s+-\w*c\s+(?P<command>.*)",
    re.DOTALL,
)
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
            line = source.created_by[:TEXT_LENGTH]
            yield Step(source.index, source.index, line, command_of(line))
        return
    made = sum(not entry.empty_layer for entry in history)
    layer = 0
    for number, entry in enumerate(history):
        line = entry.created_by[:TEXT_LENGTH]
        known = made == len(image.layers) and not entry.empty_layer
        yield Step(number, layer if known else None, line, command_of(line))
        layer += not entry.empty_layer


def command_of(line: str) -> str:
    """The shell text that a history line ran; empty for steps that run nothing."""
    if _DECLARES.match(line):
        return ""
    shell = _SHELL_FORM.search(line)
    if shell and not shell.group("command").startswith(("'", '"')):
        return shell.group("command")
    return re.sub(r"^\s*RUN\s+(?:--\S+\s+)*", "", line)


def destination(line: str) -> str:
    """Where a COPY or ADD step put its files, empty when the line does not say."""
    words = line.removesuffix("# buildkit").split()
    copies = [word for word in words[:4] if word in ("COPY", "ADD")]
    return words[-1] if copies and len(words) > 2 and words[-1].startswith("/") else ""
