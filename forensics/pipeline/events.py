"""What the analysis says while it runs. The command line draws bars from it, the screen fills its panes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from forensics.layers import ImageView
from forensics.model.facts import FileFacts
from forensics.model.files import LayerIndex
from forensics.model.findings import Finding
from forensics.model.image import Image
from forensics.model.issues import Issue
from forensics.model.packages import Inventory
from forensics.model.report import Report
from forensics.model.sbom import Reconciliation

if TYPE_CHECKING:
    from forensics.pipeline.members import MemberReader


class Stage(StrEnum):
    """The steps of an analysis, in order."""

    OPEN = "open"
    LAYERS = "layers"
    INVENTORY = "inventory"
    EXAMINE = "examine"
    RECONCILE = "reconcile"
    DETECT = "detect"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a stage (bytes for open, layers and examine). total 0: unknown."""

    stage: Stage
    done: int
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImageOpened:
    """The manifest and configuration are known: the layer list can be drawn."""

    image: Image


@dataclass(frozen=True, slots=True)
class LayerIndexed:
    """One layer's entries are known. Layers may come in any order."""

    index: LayerIndex


@dataclass(frozen=True, slots=True)
class ViewReady:
    """All layers are indexed and overlaid; bytes and members can be read until the session is closed."""

    view: ImageView
    members: MemberReader | None = None


@dataclass(frozen=True, slots=True)
class InventoryReady:
    """The package databases are read."""

    inventory: Inventory


@dataclass(frozen=True, slots=True)
class FactsLearnt:
    """A batch of contents was examined."""

    facts: tuple[FileFacts, ...]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Every file version has its status."""

    reconciliation: Reconciliation


@dataclass(frozen=True, slots=True)
class FindingsFound:
    """Findings that are now certain; never repeated later."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class IssueRaised:
    """Something could not be examined."""

    issue: Issue


@dataclass(frozen=True, slots=True)
class ReportReady:
    """The analysis is finished."""

    report: Report


Event = (
    Progress
    | ImageOpened
    | LayerIndexed
    | ViewReady
    | InventoryReady
    | FactsLearnt
    | Reconciled
    | FindingsFound
    | IssueRaised
    | ReportReady
)
Listener = Callable[[Event], None]
"""Called in the thread that runs the analysis; must return quickly and never raise."""
