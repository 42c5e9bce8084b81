"""Shell text taken apart into commands and words."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._shell import DEPTH, Script, parse
from fuzz._target import Target
from fuzz.targets import examination


def run(data: bytes) -> None:
    """Commands and words lie within the text, one behind the other, and nest no deeper than is followed."""
    text = data.decode("utf-8", "surrogateescape")
    script = parse(text)
    assert script == parse(text)
    _check(script, len(text), 0)


def _check(script: Script, length: int, depth: int) -> None:
    assert depth <= 2 * DEPTH + 2
    for pipeline in script.pipelines:
        for command in pipeline.commands:
            assert 0 <= command.begin <= command.end <= length
            for word in command.words:
                assert 0 <= word.begin <= word.end <= length
                for inner in word.inner:
                    _check(inner, length, depth + 1)
            if command.group:
                _check(command.group, length, depth + 1)


def seeds() -> Iterator[bytes]:
    """Everything the grammar knows."""
    yield from examination.seeds()
    yield (
        b"a=1 f() { echo \"$(x `y \\`z\\``)\" ${v:-'w'}; } 2>&1 <<E <<-'F' "
        b"| cat <(b) >(c) &\n$x\nE\n\ty\n\tF\n"
    )
    yield (
        b"if ! [ a ]; then (b; {c; }) && d || e; fi; case x in (a) b;; esac "
        b"<<<'here' $'\\x41\\101\\u0041\\n' \\\n x"
    )
    yield b"$($($($($($($($($($(a))))))))))" + b"`" * 9 + b"((((((((((" + b"{ " * 12


TARGET = Target(
    id="shell",
    run=run,
    seeds=seeds,
    harvest=("script",),
    words=(b"$(", b"`", b"<<E\n", b"\nE\n", b"${", b"$'", b"<(", b"&&", b"; ", b"{ ", b"}", b"2>&1"),
    longest=8192,
)
