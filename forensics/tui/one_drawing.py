"""Several steps that end in one drawing: a jump changes tab, listing and viewer, each laid out by itself."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

from textual.app import App

HOLD_SECONDS = 0.025
"""How long nothing is drawn: about as long as a listing and a viewer take to come."""
_OPEN_SECONDS = 0.05
"""How long drawings are not held again, so that a key that is held down is seen to move things."""

_held: WeakKeyDictionary[App[Any], float] = WeakKeyDictionary()


def hold_drawings(app: App[Any]) -> None:
    """Draw nothing for a moment; then all that has changed meanwhile is drawn at once."""
    now = time.monotonic()
    if now >= _held.get(app, 0.0):
        _held[app] = now + HOLD_SECONDS + _OPEN_SECONDS
        app.delay_update(HOLD_SECONDS)
