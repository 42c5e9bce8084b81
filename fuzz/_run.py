"""Runs the harnesses under libFuzzer, several processes at a time, and says what came of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from fuzz._harvest import harvest
from fuzz._target import Target

FOLDER = Path(os.environ.get("FUZZ_DIR", ".cache/fuzz"))
SLOW_SECONDS = 5
"""Seconds that one input may take; a slower one is a finding."""
MEMORY_MB = 1024
PROCESSES = 2
_MOST_CRASHES = 5
_EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERAGE = re.compile(r"\bcov: (\d+)")
_INTERRUPTED = frozenset({0, 72})


@dataclass
class Outcome:
    """What a run of one target gave."""

    target: str
    executions: int = 0
    edges: int = 0
    seconds: float = 0.0
    crashes: list[Path] = field(default_factory=list)


def run_all(chosen: Sequence[Target], seconds: int) -> list[Outcome]:
    """Fuzz each target for so many seconds, `PROCESSES` of them at a time."""
    corpus = os.environ.get("FORENSICS_CORPUS")
    pieces = harvest(Path(corpus)) if corpus else {}
    for target in chosen:
        _plant(target, pieces)
    with ThreadPoolExecutor(int(os.environ.get("FUZZ_PROCESSES", PROCESSES))) as pool:
        outcomes = []
        for outcome in pool.map(lambda target: _fuzz(target, seconds), chosen):
            outcomes.append(outcome)
            print(row(outcome), flush=True)
    return outcomes


def head() -> str:
    """The first line of the table."""
    return f"{'target':<20}{'executions':>12}{'edges':>8}{'seconds':>9}{'crashes':>9}"


def row(outcome: Outcome) -> str:
    """One line of the table, with the inputs that broke something below it."""
    line = f"{outcome.target:<20}{outcome.executions:>12,}{outcome.edges:>8,}"
    line += f"{outcome.seconds:>9.0f}{len(outcome.crashes):>9}"
    return "\n".join([line, *(f"    {path}" for path in outcome.crashes)])


def _plant(target: Target, pieces: dict[str, list[bytes]]) -> None:
    """Write the seeds of a target; what earlier runs found stays beside them."""
    folder = FOLDER / target.id
    shutil.rmtree(folder / "seeds", ignore_errors=True)
    for name in ("seeds", "corpus", "crashes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    wild = [piece for kind in target.harvest for piece in pieces.get(kind, [])]
    known = [path.read_bytes() for path in target.regressions()]
    for data in (*target.seeds(), *wild, *known):
        cut = data[: target.longest]
        (folder / "seeds" / sha256(cut).hexdigest()[:16]).write_bytes(cut)
    (folder / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _fuzz(target: Target, seconds: int) -> Outcome:
    """One target, started again after each crash while there is time."""
    outcome = Outcome(target.id)
    begin = time.monotonic()
    crashes = FOLDER / target.id / "crashes"
    while (left := seconds - (time.monotonic() - begin)) >= 1 and len(outcome.crashes) < _MOST_CRASHES:
        before = set(crashes.iterdir())
        code, text = _once(target, round(left))
        outcome.executions += sum(map(int, _EXECUTIONS.findall(text)))
        outcome.edges = max([outcome.edges, *map(int, _COVERAGE.findall(text))])
        found = sorted(path for path in set(crashes.iterdir()) - before if not path.name.startswith("slow"))
        outcome.crashes += found
        if found or code not in _INTERRUPTED:
            report = crashes.parent / f"report-{len(outcome.crashes)}.txt"
            report.write_text(text[-20_000:])
            outcome.crashes += [] if found else [report]
    outcome.seconds = time.monotonic() - begin
    return outcome


def _once(target: Target, seconds: int) -> tuple[int, str]:
    folder = FOLDER / target.id
    options = [
        f"-max_total_time={seconds}",
        f"-seed={os.environ.get('FUZZ_SEED', '0')}",
        f"-max_len={target.longest}",
        f"-timeout={SLOW_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={folder}/crashes/",
        *([f"-dict={folder}/words"] if target.words else []),
        "-print_final_stats=1",
        "-report_slow_units=1000",
    ]
    command = [
        sys.executable,
        "-m",
        "fuzz",
        "one",
        target.id,
        *options,
        f"{folder}/corpus",
        f"{folder}/seeds",
    ]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True, errors="replace"
    )
    return done.returncode, done.stdout
