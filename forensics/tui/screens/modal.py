"""What every dialogue is: a screen in front of another that ends once, with a result."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

Result = TypeVar("Result")


class Dialogue(ModalScreen[Result]):
    """A modal screen. What comes in behind its end changes nothing.

    `dismiss` closes whatever screen is in front, so that a second call, or one while another screen stands in
    front of the dialogue, would take away the wrong one.
    """

    _over = False

    def finish(self, result: Result) -> None:
        """Go away with this result, unless it is over already."""
        if not self._over and self.app.screen is self:
            self._over = True
            self.dismiss(result)
