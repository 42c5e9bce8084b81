"""Every plugin folder: all of it is collected, explains itself and stands in the documentation."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from abc import ABC
from pathlib import Path
from typing import Any

import pytest

import forensics
from forensics.plugins import collect

ROOT = Path(forensics.__file__).parents[1]
PACKAGE = Path(forensics.__file__).parent
FOLDERS = {
    "forensics.sources": "SOURCE",
    "forensics.inventory": "CATALOGER",
    "forensics.sbom.formats": "SBOM_FORMAT",
    "forensics.examine": "EXAMINER",
    "forensics.detectors": "DETECTOR",
    "forensics.reports": "REPORT",
    "forensics.tui.panes": "PANE",
    "forensics.tui.viewers": "VIEWER",
}
DOCS = {path.relative_to(ROOT): path.read_text() for path in sorted((ROOT / "docs").rglob("*.md"))}


def modules(folder: str) -> list[str]:
    """The public modules of a plugin folder; an empty folder offers nothing and would hide a lost room."""
    package = importlib.import_module(folder)
    return [
        info.name for info in pkgutil.iter_modules(package.__path__) if info.name[0] != "_" and not info.ispkg
    ]


PLUGINS = [(folder, constant, name) for folder, constant in FOLDERS.items() for name in modules(folder)]
NAMES = [f"{folder}.{name}" for folder, _, name in PLUGINS]


@pytest.mark.parametrize(("folder", "constant"), FOLDERS.items())
def test_a_folder_is_collected_whole_and_in_name_order(folder: str, constant: str) -> None:
    found = collect(importlib.import_module(folder), constant, object)
    assert [plugin.id for plugin in found] == sorted(modules(folder))
    assert found


@pytest.mark.parametrize(("folder", "constant"), FOLDERS.items())
def test_the_plugins_of_a_folder_are_of_one_kind(folder: str, constant: str) -> None:
    found = collect(importlib.import_module(folder), constant, object)
    assert found
    shared: set[type[Any]] = set.intersection(*(set(type(plugin).__mro__) for plugin in found))
    own = {kind for kind in shared if kind.__module__.startswith(folder.rpartition(".")[0])}
    assert own - {ABC}, f"the plugins of {folder} have no class in common"


@pytest.mark.parametrize(("folder", "constant", "name"), PLUGINS, ids=NAMES)
def test_a_plugin_says_in_one_sentence_what_it_is(folder: str, constant: str, name: str) -> None:
    module = importlib.import_module(f"{folder}.{name}")
    plugin = getattr(module, constant)
    for text in (module.__doc__, type(plugin).__doc__):
        assert text
        assert len(text.strip()) > 15
    assert type(plugin).__doc__ != next(
        (kind.__doc__ for kind in type(plugin).__mro__[1:] if kind.__doc__), None
    ), "the docstring is inherited"


@pytest.mark.parametrize(("folder", "constant", "name"), PLUGINS, ids=NAMES)
def test_a_plugin_stands_in_the_documentation(folder: str, constant: str, name: str) -> None:
    assert any(f"`{name}`" in text for text in DOCS.values()), f"no page under docs/ names `{name}`"


@pytest.mark.parametrize(("folder", "constant", "name"), PLUGINS, ids=NAMES)
def test_a_plugin_is_tested_by_name(folder: str, constant: str, name: str) -> None:
    word = re.compile(rf"\b{re.escape(name)}\b|{re.escape(name).replace('_', '.?')}", re.IGNORECASE)
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    assert any(word.search(path.name) or word.search(path.read_text()) for path in tests)


def test_the_table_of_folders_is_complete() -> None:
    """A package that collects plugins and is not listed above would escape every test here."""
    collecting = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "collect" in ast.unparse(node.func).split("."):
                collecting |= {
                    argument.value
                    for argument in node.args
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                }
    assert collecting <= set(FOLDERS.values())
