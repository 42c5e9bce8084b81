"""A pattern is tried only where one of its signs is: no match is lost by that."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.examine._behaviours import BEHAVIOURS, Behaviour

SIGNED = [behaviour for behaviour in BEHAVIOURS.values() if behaviour.signs]


def test_the_costliest_patterns_have_signs() -> None:
    assert {behaviour.id for behaviour in SIGNED} == {"download-execute", "decode-execute"}


@pytest.mark.parametrize("behaviour", SIGNED, ids=lambda behaviour: behaviour.id)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_match_holds_a_sign(behaviour: Behaviour, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(behaviour.pattern))
    for found in behaviour.pattern.finditer(text):
        assert any(sign in found[0] for sign in behaviour.signs)
