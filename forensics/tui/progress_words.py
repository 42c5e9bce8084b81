"""The running analysis in words and bars."""

from __future__ import annotations

from forensics.pipeline.events import Stage
from forensics.tui.store import Run, StageProgress, Store
from forensics.tui.widgets import Part
from forensics.tui.words import UNKNOWN, size_words

STAGE_WORDS = {
    Stage.OPEN: "open",
    Stage.LAYERS: "layers",
    Stage.INVENTORY: "packages",
    Stage.EXAMINE: "examine",
    Stage.RECONCILE: "compare",
    Stage.DETECT: "detect",
    Stage.REPORT: "report",
}
_IN_BYTES = frozenset({Stage.OPEN, Stage.LAYERS, Stage.EXAMINE})
_FULL, _EMPTY = "▓", "░"


def bar(progress: StageProgress, cells: int) -> str:
    """A bar of so many cells."""
    share = 1.0 if progress.finished else progress.done / progress.total if progress.total else 0.0
    full = round(min(1.0, max(0.0, share)) * cells)
    return _FULL * full + _EMPTY * (cells - full)


def amount(stage: Stage, progress: StageProgress) -> str:
    """How much of a stage is done: bytes for those that read, else how far it is."""
    if progress.finished:
        return "done"
    if stage in _IN_BYTES and progress.total:
        return f"{size_words(progress.done)} of {size_words(progress.total)}"
    return f"{progress.done:,} of {progress.total:,}" if progress.total else UNKNOWN


_UNFINISHED = {
    Run.OPENING: "the analysis goes on",
    Run.ANALYSING: "the analysis goes on",
    Run.STOPPED: "the analysis was stopped",
    Run.FAILED: "the analysis failed",
}


def unfinished(store: Store) -> str:
    """Why what is known is not all: a clause; empty once there is a report."""
    return "" if store.report is not None else _UNFINISHED.get(store.run, "")


def none_so_far(store: Store, noun: str, whole: str) -> str:
    """A sentence for an empty list: `whole` is true of a finished analysis alone."""
    clause = unfinished(store)
    return f"No {noun} so far; {clause}." if clause else whole


def has_ended(store: Store) -> bool:
    """Whether nothing more will be learnt."""
    return store.run not in (Run.OPENING, Run.ANALYSING)


def run_note(store: Store) -> tuple[Part, ...]:
    """One phrase for the end of a line: what is going on, or how it ended."""
    match store.run:
        case Run.STOPPED:
            missing = "not all was examined" if store.report is None else "the bytes are not at hand"
            return ((f"stopped: {missing} ", "warning"),)
        case Run.FAILED:
            return (("failed: see 1 ", "error"),)
    stage = store.stage
    if stage is None:
        return (("starting ", "muted"),)
    progress = store.stages[stage]
    if store.run is Run.FINISHED and progress.finished:
        return ()
    share = f"{progress.done / progress.total * 100:>3.0f} % " if progress.total else ""
    note = f"{progress.note} " if progress.note else ""
    return (f"{STAGE_WORDS[stage]} ", (bar(progress, 8), "primary"), f" {share}", (note, "muted"))
