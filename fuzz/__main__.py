"""`python -m fuzz list | replay [TARGET…] | run [--seconds N] [TARGET…] | one TARGET OPTION…`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from pathlib import Path

from fuzz._run import SLOW_SECONDS


def main() -> int:
    """The exit status: 1 when a target broke."""
    if sys.argv[1:2] == ["one"]:
        from fuzz._one import fuzz_one

        fuzz_one(sys.argv[2], sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz the parsers.")
    parser.add_argument("command", choices=("list", "replay", "run"))
    parser.add_argument("target", nargs="*", help="a target; all of them when none is named")
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("FUZZ_SECONDS", "20")))
    parser.add_argument("--input", type=Path, help="replay this file alone")
    asked = parser.parse_intermixed_args()
    chosen = _chosen(asked.target)
    if asked.command == "list":
        print("\n".join(target.id for target in chosen))
        return 0
    return _replay(chosen, asked.input) if asked.command == "replay" else _run(chosen, asked.seconds)


def _chosen(names: list[str]) -> list:
    from fuzz._target import targets

    known = {target.id: target for target in targets()}
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"there is no target {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in names or known]


def _replay(chosen: list, one: Path | None) -> int:
    """Run seeds and known inputs without a fuzzer; of everything that breaks, say what and where."""
    broken = 0
    for target in chosen:
        inputs = [one.read_bytes()] if one else []
        if not one:
            inputs += [*target.seeds(), *(path.read_bytes() for path in target.regressions())]
        begin = time.monotonic()
        for data in inputs:
            started = time.monotonic()
            try:
                target.attempt(data)
            except Exception as error:
                if one:
                    raise
                broken += 1
                print(f"{target.id}: {error!r} for {data[:60]!r}")
            if time.monotonic() - started > SLOW_SECONDS:
                broken += 1
                print(f"{target.id}: {time.monotonic() - started:.1f} s for {data[:60]!r}")
        print(f"{target.id:<20}{len(inputs):>6} inputs{time.monotonic() - begin:>8.2f} s")
    return int(broken > 0)


def _run(chosen: list, seconds: int) -> int:
    from fuzz._run import head, run_all

    if importlib.util.find_spec("atheris") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SystemExit(f"atheris is not installed: there may be no build of it for Python {version} here")
    print(head(), flush=True)
    outcomes = run_all(chosen, seconds)
    crashes = sum(len(outcome.crashes) for outcome in outcomes)
    print(f"{sum(each.executions for each in outcomes):,} executions, {crashes} crashes")
    return int(crashes > 0)


if __name__ == "__main__":
    sys.exit(main())
