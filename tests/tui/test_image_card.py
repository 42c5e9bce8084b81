"""The card of the whole image says where its reference is from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from forensics.model.image import Image
from forensics.tui.cards import image_card
from forensics.tui.image_rows import card_of_image
from forensics.tui.widgets import Fact


def facts(image: Image) -> dict[str, Any]:
    store: Any = SimpleNamespace(card=card_of_image(image), image_layers=(), size=0)
    return {item.label: item.value for item in image_card(store) if isinstance(item, Fact)}


@pytest.mark.parametrize("source", ["docker_archive", "acquired"])
def test_a_reference_that_a_record_claims_is_told_as_a_claim(source: str) -> None:
    found = facts(Image(source=source, reference="registry:docker.io/library/alpine:3.20"))
    assert found["layers"] == "0"
    assert ("by its own record" in str(found.get("source"))) is (source == "acquired")
