"""Collects what a folder offers: every public module in it defines one constant."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def collect(package: ModuleType, constant: str, kind: type[Any]) -> tuple[Any, ...]:
    """The constants named `constant` of the public modules in `package`, in name order.

    Raises TypeError when a module lacks the constant, when it is not a `kind`, or when its `id` is
    not the module's own name: an extension that does not announce itself would be lost in silence.
    """
    found = []
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if module_info.name.startswith("_") or module_info.ispkg:
            continue
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        plugin = getattr(module, constant, None)
        if not isinstance(plugin, kind) or getattr(plugin, "id", None) != module_info.name:
            raise TypeError(
                f"{module.__name__} must define {constant}, a {kind.__name__} with id {module_info.name!r}"
            )
        found.append(plugin)
    return tuple(found)
