"""The written lists of docs/ against the program: by-products, places of SBOMs, formats, issue codes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import forensics
from forensics.inventory import catalogers
from forensics.sbom import BY_PRODUCTS, ByProduct, sbom_formats
from forensics.sbom._places import PLACES, place_of
from forensics.sources import sources

PACKAGE = Path(forensics.__file__).parent
DOCS = PACKAGE.parent / "docs"
CODE = re.compile(r"[a-z]+(?:-[a-z]+)*")


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose first heading is `first`, cell by cell, backticks removed."""
    lines = (DOCS / page).read_text().splitlines()
    start = lines.index(next(line for line in lines if line.startswith(f"| {first} |")))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def bare(cell: str) -> str:
    return cell.strip("`")


BY_PRODUCT_ROWS = {bare(row[0]): row for row in table("inventory-and-sbom.md", "rule")}


def test_every_by_product_rule_is_in_the_list_in_its_order() -> None:
    rows = [bare(row[0]) for row in table("inventory-and-sbom.md", "rule")]
    assert rows == list(dict.fromkeys(rule.id for rule in BY_PRODUCTS))


@pytest.mark.parametrize("rule", BY_PRODUCT_ROWS)
def test_the_example_of_a_rule_is_one_of_its_paths(rule: str) -> None:
    parts = [part for part in BY_PRODUCTS if part.id == rule]
    example = bare(BY_PRODUCT_ROWS[rule][1])
    assert any(re.fullmatch(part.paths, example) for part in parts)


@pytest.mark.parametrize("rule", BY_PRODUCT_ROWS)
def test_the_list_says_what_a_rule_allows(rule: str) -> None:
    parts = [part for part in BY_PRODUCTS if part.id == rule]
    condition, remark = BY_PRODUCT_ROWS[rule][2:]
    assert condition
    assert remark == _allowance(parts)
    if condition == "by place":
        assert all(part.condition.__name__ == "is_file" for part in parts)
    if condition == "empty":
        assert all(part.condition.__name__ == "is_empty" for part in parts)


def _allowance(parts: list[ByProduct]) -> str:
    if any(part.programs for part in parts):
        return "programs"
    return "any mode" if any(part.whatever_mode for part in parts) else ""


def test_the_places_of_sboms_are_listed_with_what_they_speak_of() -> None:
    told = [(place_of(bare(row[0])), row[1]) for row in table("inventory-and-sbom.md", "for example")]
    assert [place for place, _ in told] == list(PLACES)
    assert [place.reach for place, _ in told if place] == [reach for _, reach in told]


def test_catalogers_formats_and_sources_are_listed() -> None:
    pages = {
        ("inventory-and-sbom.md", "cataloger"): [cataloger.id for cataloger in catalogers()],
        ("inventory-and-sbom.md", "format"): [sbom_format.id for sbom_format in sbom_formats()],
        ("sources.md", "source"): [source.id for source in sources()],
    }
    for (page, heading), ids in pages.items():
        assert sorted(bare(row[0]) for row in table(page, heading)) == ids
    schemes = {bare(row[0]): row[1] for row in table("sources.md", "source")}
    assert {source.id: ", ".join(f"`{word}:`" for word in source.schemes) for source in sources()} == schemes


def calls_in(folder: str) -> list[ast.Call]:
    """Every call in the modules of a folder of the package."""
    trees = [ast.parse(path.read_text()) for path in sorted((PACKAGE / folder).rglob("*.py"))]
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]


def codes_in(folder: str, *reporting: str) -> set[str]:
    """The issue codes of a folder: `code=` of any call, and code-like arguments of the calls named."""
    found = set()
    for call in calls_in(folder):
        arguments = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
        if ast.unparse(call.func).endswith(reporting):
            arguments += call.args
        values = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
        found |= {value for value in values if isinstance(value, str) and CODE.fullmatch(value)}
    return found


def test_every_issue_code_of_the_sources_is_listed() -> None:
    listed = [bare(row[0]) for row in table("sources.md", "code")]
    subjects = {"archive", "index"}
    assert listed == sorted(codes_in("sources", "issues.add", "._skip") - subjects)


def test_every_issue_code_of_inventory_and_sbom_is_listed() -> None:
    listed = [(row[0], bare(row[1])) for row in table("inventory-and-sbom.md", "stage")]
    default = {"not-parsed"}
    codes = {
        "`inventory`": codes_in("inventory", ".lost") | default,
        "`sbom`": codes_in("sbom", "._lose"),
    }
    assert sorted(listed) == sorted((stage, code) for stage, found in codes.items() for code in found)
