"""The whole analysis over the training images: every answer is found, and nothing that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.pipeline import Options, Session
from forensics.reports import reports
from forensics.samples import Recipe, build, load_recipes

_RANKS = ("info", "low", "medium", "high", "critical")


def recipes() -> list[object]:
    return [pytest.param(recipe, id=recipe.id) for recipe in load_recipes()]


@pytest.mark.parametrize("recipe", recipes())
def test_every_line_of_the_key_is_found_and_nothing_above_the_ceiling(recipe: Recipe, tmp_path: Path):
    archive = build(recipe, tmp_path)
    documents = tuple(
        sorted(path for path in tmp_path.iterdir() if path.name.endswith((".cdx.json", ".spdx.json")))
    )
    for sbom in ((), documents) if documents else ((),):
        with Session(str(archive), Options(sbom=sbom, cache=False)) as session:
            report = session.analyze()
        missing = [answer for answer in recipe.answers if not any(map(answer.met_by, report.findings))]
        assert missing == []
        beyond = [
            (finding.severity.value, finding.rule_id, finding.path)
            for finding in report.findings
            if finding.severity.rank > _RANKS.index(recipe.ceiling)
            and not any(answer.met_by(finding) for answer in recipe.answers)
        ]
        assert beyond == []
        assert report.coverage.issues == ()
        assert report.coverage.examined_bytes == report.coverage.bytes


def test_hostile_names_leave_no_control_byte_in_any_report(tmp_path: Path):
    (recipe,) = (recipe for recipe in load_recipes() if recipe.id == "terminal-names")
    with Session(str(build(recipe, tmp_path)), Options(cache=False)) as session:
        report = session.analyze()
    for name, renderer in reports().items():
        text = renderer.render(report)
        plain = text.replace("\n", "")
        assert "srv/app" in plain, name
        hostile = {
            char for char in plain if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u200b"
        }
        assert hostile == set(), name
