"""Training images: finds the recipes that travel with the program, and builds them with their answer keys."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Protocol

import msgspec

from forensics.bundled import bundled_folder
from forensics.errors import ForensicsError, UsageError

_PACKAGE = "forensics_training_images"
_SEVERITIES = ("info", "low", "medium", "high", "critical")


class FindingLike(Protocol):
    """What grading needs of a finding."""

    @property
    def rule_id(self) -> str:
        """Which rule spoke."""

    @property
    def category(self) -> str:
        """One of the public contract's."""

    @property
    def severity(self) -> str:
        """From `info` to `critical`."""

    @property
    def layer(self) -> int | None:
        """Counted from 0."""

    @property
    def path(self) -> str | None:
        """Printable."""

    @property
    def state(self) -> str | None:
        """Visible, overwritten or deleted."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an answer key: a finding that an analyst, and the report, must come to.

    Any one of `categories` will do, and any one of `rules` where some are named; `severity` is the least.
    `layer` counts from 0; `path` is as the report prints it. None: not about one layer, or about no
    file. `why` is for whoever reads the key.
    """

    categories: tuple[str, ...]
    severity: str
    why: str
    layer: int | None = None
    path: str | None = None
    state: str | None = None
    rules: tuple[str, ...] = ()

    def met_by(self, finding: FindingLike) -> bool:
        """Whether this finding is the answer."""
        return (
            finding.category in self.categories
            and (not self.rules or finding.rule_id in self.rules)
            and _SEVERITIES.index(finding.severity) >= _SEVERITIES.index(self.severity)
            and (finding.layer, finding.path) == (self.layer, self.path)
            and (self.state is None or finding.state == self.state)
        )


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One training image. `id` is the module's name with dashes; `level` is easy, medium or hard.

    `briefing` is Markdown for the trainee and gives nothing away. `ceiling` is the highest severity that
    anything outside the answers may have. `make` gives the files: the suffix behind the id (`.tar`,
    `.cdx.json`) and the content.
    """

    id: str
    title: str
    level: str
    briefing: str
    make: Callable[[], Mapping[str, bytes]]
    answers: tuple[Answer, ...] = ()
    ceiling: str = "critical"


def load_recipes() -> tuple[Recipe, ...]:
    """Every recipe of the folder `samples`, in the order of their ids.

    The folder is loaded as a package of its own name, wherever it lies. Raises ForensicsError when it is
    missing.
    """
    package = importlib.import_module(f"{_package()}.recipes")
    found = []
    for module_info in pkgutil.iter_modules(package.__path__):
        if module_info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        recipe = getattr(module, "RECIPE", None)
        if not isinstance(recipe, Recipe) or recipe.id != module_info.name.replace("_", "-"):
            raise TypeError(
                f"{module.__name__} must define RECIPE, a Recipe with the module's name as its id"
            )
        found.append(recipe)
    return tuple(sorted(found, key=lambda recipe: recipe.id))


def recipe_of(recipe_id: str) -> Recipe:
    """The recipe with this id; raises UsageError when there is none."""
    recipes = {recipe.id: recipe for recipe in load_recipes()}
    if recipe_id not in recipes:
        raise UsageError(
            f"there is no training image called {recipe_id!r}", f"there are: {', '.join(recipes)}"
        )
    return recipes[recipe_id]


def build(recipe: Recipe, folder: Path) -> Path:
    """Write a training image, its briefing and its answer key into `folder`; the path of the archive.

    The same bytes every time. Raises ForensicsError when the folder cannot be written.
    """
    briefing = f"# {recipe.title}\n\nLevel: {recipe.level}\n\n{recipe.briefing.strip()}\n"
    files = {
        **recipe.make(),
        ".briefing.md": briefing.encode(),
        ".answers.json": answer_key(recipe),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in files.items():
            (folder / f"{recipe.id}{suffix}").write_bytes(content)
    except OSError as error:
        raise ForensicsError(
            f"the training images cannot be written: {error.strerror}", "choose another folder"
        ) from error
    return folder / f"{recipe.id}.tar"


def answer_key(recipe: Recipe) -> bytes:
    """The answer key as JSON."""
    value = {
        "schema": "forensics-answers/1",
        "id": recipe.id,
        "title": recipe.title,
        "level": recipe.level,
        "ceiling": recipe.ceiling,
        "answers": recipe.answers,
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _package() -> str:
    """The name under which the folder is imported; done once a process."""
    if _PACKAGE not in sys.modules:
        folder = bundled_folder("samples")
        spec = importlib.util.spec_from_file_location(
            _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        if spec is None or spec.loader is None:
            raise ForensicsError("the training images cannot be loaded", "install the program again")
        module: ModuleType = importlib.util.module_from_spec(spec)
        sys.modules[_PACKAGE] = module
        spec.loader.exec_module(module)
    return _PACKAGE
