from __future__ import annotations

import pytest

from forensics.errors import UsageError
from forensics.registry import parse_name
from forensics.registry.mirrors import VARIABLE, places_of


def places(text: str, value: str) -> list[tuple[str, str, bool]]:
    found = places_of(parse_name(text), {VARIABLE: value})
    return [(place.name.address, place.name.repository, place.is_mirror) for place in found]


def test_without_mirrors_the_registry_alone_is_asked():
    assert places("ghcr.io/a/b", "") == [("ghcr.io", "a/b", False)]
    assert places("ghcr.io/a/b", "docker.io=m.example") == [("ghcr.io", "a/b", False)]


def test_mirrors_come_first_in_their_order():
    found = places("alpine", "docker.io=one.example:5000/hub, ghcr.io=no.example docker.io=localhost:1")
    assert found == [
        ("one.example:5000", "hub/library/alpine", True),
        ("localhost:1", "library/alpine", True),
        ("registry-1.docker.io", "library/alpine", False),
    ]


@pytest.mark.parametrize(
    "value",
    ["x", "docker.io=", "docker.io", "=m.example", "docker.io=https://m.example", "docker.io=m.example/A B"],
)
def test_an_entry_that_is_none_is_told(value):
    with pytest.raises(UsageError, match=VARIABLE):
        places("alpine", value)
