"""What a script hides in an encoding, in clear, and what its text does."""

from __future__ import annotations

from forensics.model.facts import ScriptFacts
from forensics.tui.viewers._sheet import Place, Sheet
from forensics.tui.viewers._viewer import ViewedFile, Viewer
from forensics.tui.widgets import Blank, Heading, Item, Paragraph


class DecodedViewer(Viewer):
    """Decoded texts and behaviours of a script; each leads to the place it comes from."""

    id = "decoded"
    title = "Decoded"

    def priority(self, file: ViewedFile) -> int:
        """For scripts in which something was decoded or a behaviour was seen."""
        script = file.facts.script if file.facts else None
        if not script:
            return 0
        if script.decoded:
            return 75
        return 30 if script.behaviours else 0

    def make(self, file: ViewedFile) -> Sheet:
        """The sheet."""
        script = file.facts.script if file.facts else None
        return Sheet(decoded_items(script) if script else ())


def decoded_items(script: ScriptFacts) -> list[Item]:
    """The lines of the sheet."""
    named = script.interpreter or script.language
    shape = f"{script.lines:,} lines, the longest of {script.longest_line:,} characters"
    items: list[Item] = [
        Heading(f"{script.language} script · {shape}"),
        Paragraph(((named, "muted"),)),
        Blank(),
    ]
    for decoded in script.decoded:
        where = f"0x{decoded.offset:08x}  {decoded.length:,} characters in {decoded.encoding}, in clear:"
        items.append(Paragraph(((where, "accent"),), payload=Place(decoded.offset, decoded.length)))
        items += [Paragraph(((line, "variable"),), indent=4) for line in decoded.text.split("\n")]
        items.append(Blank())
    if script.behaviours:
        items.append(Heading("What its text does"))
        for behaviour in script.behaviours:
            items.append(
                Paragraph(
                    (
                        (f"0x{behaviour.offset:08x}  ", "accent"),
                        (behaviour.identifier, "strong"),
                        f"  {behaviour.text}",
                    ),
                    indent=2,
                    payload=Place(behaviour.offset, behaviour.length),
                )
            )
    return items


VIEWER = DecodedViewer()
