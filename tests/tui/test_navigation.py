"""The way back."""

from __future__ import annotations

from forensics.tui.navigation import Place, Trail
from forensics.tui.scopes import Scope


def place(number: int) -> Place:
    """A place that differs from others by its number."""
    return Place("layers", Scope(number))


def test_back_goes_through_the_places_in_reverse() -> None:
    trail = Trail()
    for number in range(3):
        trail.leave(place(number))
    assert [trail.back(), trail.back(), trail.back(), trail.back()] == [place(2), place(1), place(0), None]


def test_the_same_place_twice_counts_once() -> None:
    trail = Trail()
    trail.leave(place(1))
    trail.leave(place(1))
    assert len(trail) == 1


def test_old_places_are_forgotten() -> None:
    trail = Trail()
    for number in range(1000):
        trail.leave(place(number))
    assert len(trail) == 200
    assert trail.back() == place(999)
