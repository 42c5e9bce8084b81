"""The line at the bottom: the keys that matter most, as many as there is room for; they can be clicked."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from forensics.tui.commands import Command, all_commands

_GAP = 2


class KeyLine(Widget):
    """Made from the table of commands. The lightest ones give way first."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; width: 1fr; padding: 0 1; background: $panel; color: $text-muted; }
    """

    def render(self) -> RenderResult:
        """Key and name of each."""
        pieces = [
            Content.styled(command.key, "bold $text-primary").append(f" {command.footer}")
            for command in self._shown()
        ]
        return Content(" " * _GAP).join(pieces)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key would do."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        end = 0
        for command in self._shown():
            end += _width(command) + _GAP
            if offset.x < end:
                await self.screen.run_action(command.action)
                return

    def _shown(self) -> list[Command]:
        tab = getattr(self.screen, "tab", "")
        shown = [command for command in all_commands() if command.footer and command.works_in(tab)]
        while len(shown) > 1 and sum(map(_width, shown)) + _GAP * (len(shown) - 1) > self.size.width:
            shown.remove(min(shown, key=lambda command: command.weight))
        return shown


def _width(command: Command) -> int:
    return cell_len(command.key) + 1 + cell_len(command.footer)
