"""Says that an image was chosen by the record beside it, and how to choose another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.cli._terminal import say
from forensics.quantities import counted

if TYPE_CHECKING:
    from forensics.model.image import Image


def say_what_was_passed_over(image: Image) -> None:
    """One line on standard error where a record chose among several images; nothing where it did not."""
    if image.passed_over:
        say(
            f"note: its own record chose the image; {counted(image.passed_over, 'other image')} there: "
            "choose with --image N (from 0), --tag or --platform"
        )
