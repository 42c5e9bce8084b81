"""The JSON report, its schema and its records say the same."""

from __future__ import annotations

import json
import os
import typing
from enum import EnumType
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import forensics
from forensics.errors import ChoiceNeeded, ForensicsError
from forensics.model.findings import Category, Confidence, Severity
from forensics.model.report import SCHEMA, Report
from forensics.pipeline import Options, Session
from forensics.reports import load_report, reports
from tests.report_records import make_report

DOCUMENT = json.loads((Path(forensics.__file__).parent / "schema" / "report.schema.json").read_text())
SARIF = json.loads((Path(__file__).parents[1] / "fixtures" / "sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(DOCUMENT)
DOCS = (Path(__file__).parents[2] / "docs" / "report.md").read_text()


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return resolve(DOCUMENT["$defs"][reference.rpartition("/")[2]]) if reference else node


def pairs(
    kind: Any, node: dict[str, Any], place: str
) -> list[tuple[str, type[msgspec.Struct], dict[str, Any]]]:
    """Every record reachable from `kind` with the part of the schema that describes it."""
    node = resolve(node)
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return pairs(arguments[0], node["items"], f"{place}[]")
    if arguments and type(None) in arguments:
        return pairs(next(one for one in arguments if one is not type(None)), node, place)
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return []
    found = [(place, kind, node)]
    for name, hint in typing.get_type_hints(kind).items():
        if name in kind.__struct_fields__:
            found += pairs(hint, node["properties"][name], f"{place}.{name}")
    return found


RECORDS = pairs(Report, DOCUMENT, "$")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(DOCUMENT)
    assert DOCUMENT["title"] == DOCUMENT["properties"]["schema"]["const"] == SCHEMA


def test_a_full_report_validates() -> None:
    VALIDATOR.validate(json.loads(reports()["json"].render(make_report())))


@pytest.mark.parametrize(("place", "kind", "node"), RECORDS, ids=[place for place, _, _ in RECORDS])
def test_schema_and_record_have_the_same_keys(
    place: str, kind: type[msgspec.Struct], node: dict[str, Any]
) -> None:
    assert list(node["properties"]) == list(kind.__struct_fields__), place
    required = kind.__struct_fields__
    if kind.__struct_config__.omit_defaults:
        required = tuple(name for name in required if "default" not in node["properties"][name])
        fields = msgspec.structs.fields(kind)
        assert {field.name: field.default for field in fields if not field.required} == {
            name: node["properties"][name]["default"]
            for name in kind.__struct_fields__
            if name not in required
        }
    assert node["required"] == list(required), place


@pytest.mark.parametrize(
    ("name", "kind"), [("severity", Severity), ("confidence", Confidence), ("category", Category)]
)
def test_the_schema_names_every_word(name: str, kind: EnumType) -> None:
    assert DOCUMENT["$defs"][name]["enum"] == [str(word) for word in kind]  # type: ignore[var-annotated]


@pytest.mark.parametrize(("place", "kind", "node"), RECORDS, ids=[place for place, _, _ in RECORDS])
def test_every_key_is_described_in_the_documentation(
    place: str, kind: type[msgspec.Struct], node: dict[str, Any]
) -> None:
    missing = [name for name in kind.__struct_fields__ if f"`{name}`" not in DOCS]
    assert not missing, place


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"schema": "forensics-report/2"}, "$.schema"),
        ({"findings": [{}]}, "$.findings[0]"),
        ({"verdict": {"level": "fine", "score": 1, "reasons": []}}, "$.verdict.level"),
        ({"verdict": {"level": "clean", "score": 101, "reasons": []}}, "$.verdict.score"),
    ],
)
def test_the_schema_refuses_what_is_not_a_report(change: dict[str, Any], place: str) -> None:
    document = json.loads(reports()["json"].render(make_report())) | change
    assert any(error.json_path == place for error in VALIDATOR.iter_errors(document))


ARCHIVES = sorted(Path(os.environ.get("FORENSICS_CORPUS", ""), "images").glob("*.tar*"))


@pytest.mark.corpus
@pytest.mark.parametrize("name", [path.name for path in ARCHIVES] or ["(no corpus)"])
def test_every_report_of_a_real_archive_validates_and_opens_again(
    corpus: Path, tmp_path: Path, name: str
) -> None:
    report = analysis(str(corpus / "images" / name))
    if report is None:
        return
    text = reports()["json"].render(report)
    VALIDATOR.validate(json.loads(text))
    saved = tmp_path / "report.json"
    saved.write_text(text)
    assert load_report(saved) == report
    jsonschema.Draft7Validator(SARIF).validate(json.loads(reports()["sarif"].render(report)))
    assert all(line.isprintable() for line in reports()["table"].render(report).split("\n"))


def analysis(reference: str) -> Report | None:
    """The report of the image, of the first one where there are several, None where there is none."""
    for number in (None, 0):
        try:
            with Session(reference, Options(image=number, jobs=1, cache=False)) as session:
                return session.analyze()
        except ChoiceNeeded:
            continue
        except ForensicsError:
            return None
    return None
