from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import forensics
from forensics.errors import ForensicsError
from forensics.samples import Answer, build, load_recipes, recipe_of

DIGESTS = """
import hashlib, pathlib, sys
from forensics.samples import build, load_recipes
folder = pathlib.Path(sys.argv[1])
for recipe in load_recipes():
    build(recipe, folder)
for path in sorted(folder.iterdir()):
    print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
"""


@dataclass(frozen=True)
class Finding:
    rule_id: str = "miner/client"
    category: str = "miner"
    severity: str = "high"
    layer: int | None = 3
    path: str | None = "/x"
    state: str | None = "visible"


def build_elsewhere(root: Path, folder: Path, seed: str) -> str:
    """What a process of its own builds, with the program found in `root`."""
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS, str(folder)],
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": seed, "TZ": f"UTC{seed}"},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_builds_are_the_same_byte_for_byte(tmp_path):
    root = Path(forensics.__file__).parent.parent
    first = build_elsewhere(root, tmp_path / "first", "1")
    assert first == build_elsewhere(root, tmp_path / "second", "7")
    assert len(first.splitlines()) >= 3 * 10


def test_they_are_found_in_the_installed_package_too(tmp_path):
    """The wheel carries the folder inside the package; nothing of the checkout is on the path there."""
    checkout = Path(forensics.__file__).parent.parent
    site = tmp_path / "site"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(checkout / "forensics", site / "forensics", ignore=ignored)
    shutil.copytree(checkout / "samples", site / "forensics" / "_bundled" / "samples", ignore=ignored)
    installed = build_elsewhere(site, tmp_path / "out", "3")
    assert installed == build_elsewhere(checkout, tmp_path / "again", "3")


def test_every_recipe_is_complete():
    recipes = load_recipes()
    assert [recipe.id for recipe in recipes] == sorted(recipe.id for recipe in recipes)
    assert len({recipe.id for recipe in recipes}) == len(recipes) >= 10
    for recipe in recipes:
        assert recipe.level in {"easy", "medium", "hard"}
        assert recipe.title
        assert "?" in recipe.briefing
        assert recipe.answers or recipe.ceiling == "low", recipe.id
        for answer in recipe.answers:
            assert answer.why.endswith(".")
            assert answer.state in {None, "visible", "overwritten", "deleted"}


def test_a_briefing_gives_nothing_away():
    for recipe in load_recipes():
        for answer in recipe.answers:
            assert not answer.path or answer.path not in recipe.briefing
            assert not any(rule in recipe.briefing for rule in answer.rules)


def test_build_writes_image_briefing_and_key(tmp_path):
    recipe = recipe_of("sbom-omission")
    archive = build(recipe, tmp_path / "new" / "folder")
    assert archive == tmp_path / "new" / "folder" / "sbom-omission.tar"
    assert {path.name for path in archive.parent.iterdir()} == {
        "sbom-omission.tar",
        "sbom-omission.cdx.json",
        "sbom-omission.briefing.md",
        "sbom-omission.answers.json",
    }
    key = json.loads((archive.parent / "sbom-omission.answers.json").read_bytes())
    assert key["schema"] == "forensics-answers/1"
    assert key["answers"][0]["layer"] == 2
    assert recipe.title in (archive.parent / "sbom-omission.briefing.md").read_text()


def test_an_unknown_recipe_and_a_folder_that_is_none(tmp_path):
    with pytest.raises(ForensicsError) as raised:
        recipe_of("nothing")
    assert "kworker-miner" in raised.value.hint
    (tmp_path / "file").touch()
    with pytest.raises(ForensicsError):
        build(recipe_of("clean-web"), tmp_path / "file")


def test_what_meets_an_answer():
    answer = Answer(
        categories=("miner", "backdoor"), severity="medium", layer=3, path="/x", state="visible", why=""
    )
    finding = Finding()
    assert answer.met_by(finding)
    assert answer.met_by(replace(finding, category="backdoor", severity="critical"))
    for other in (
        {"category": "secret"},
        {"severity": "low"},
        {"layer": 2},
        {"layer": None},
        {"path": "/y"},
        {"path": None},
        {"state": "deleted"},
    ):
        assert not answer.met_by(replace(finding, **other)), other
    ruled = Answer(
        categories=("miner",), severity="low", layer=3, path="/x", rules=("a/b", "miner/client"), why=""
    )
    assert ruled.met_by(finding)
    assert not ruled.met_by(replace(finding, rule_id="a/c"))
