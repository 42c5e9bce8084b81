"""What a briefing asks can be found with the program, and the answer key says it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forensics.cli.main import main
from forensics.samples import Recipe, build, recipe_of


def built(name: str, folder: Path) -> tuple[Recipe, str]:
    recipe = recipe_of(name)
    return recipe, str(build(recipe, folder))


def output(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> bytes:
    """What one command line writes."""
    capfdbinary.readouterr()
    assert main(arguments) == 0
    return capfdbinary.readouterr().out


def test_the_copy_of_the_shell_is_one_and_both_witnesses_name_the_original(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    recipe, image = built("setuid-shell", tmp_path)
    helper = next(answer for answer in recipe.answers if answer.layer == 2)
    original = re.search(r"/usr/bin/\w+", helper.why)
    assert original
    assert helper.path
    copy, shell = (output(capfdbinary, "cat", image, path) for path in (helper.path, original[0]))
    assert copy == shell
    step = output(capfdbinary, "layers", image).decode().splitlines()[1 + helper.layer]
    assert f"cp {original[0].removeprefix('/usr')} {helper.path}" in step
    assert output(capfdbinary, "cat", image, original[0].removeprefix("/usr")) == shell, "/bin is a link"


def test_the_harvester_names_the_place_where_it_sends_what_it_took(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    recipe, image = built("deleted-harvester", tmp_path)
    script = recipe.answers[0]
    address = re.search(r"https://\S+[^.\s]", script.why)
    assert address
    content = output(capfdbinary, "cat", image, str(script.path), "--layer", str(script.layer))
    assert address[0].encode() in content
