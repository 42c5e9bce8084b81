"""Runs the compiled signatures over bytes and turns what matched into records."""

from __future__ import annotations

from typing import Any

import msgspec
import yara

from forensics.examine._behaviours import shown_text
from forensics.examine._clues import CLUE_NAMESPACE, Clues, read_clues
from forensics.examine._signatures import Signatures
from forensics.limits import Limits
from forensics.model.facts import MatchedString, RuleMatch

_MAX_PER_STRING = 10_000
_MAX_MATCH_BYTES = 512


def _unheard(line: str) -> None:
    """What rules tell the console: nobody asked, and it would land on standard output."""


class Scan(msgspec.Struct, frozen=True):
    """What one pass found; `failure` is why it did not finish, and then there are no clues."""

    matches: tuple[RuleMatch, ...] = ()
    clues: Clues | None = None
    failure: str = ""
    code: str = ""


class Scanner:
    """The signatures of one process; holds no state between contents."""

    def __init__(self, signatures: Signatures, limits: Limits) -> None:
        yara.set_config(max_strings_per_rule=_MAX_PER_STRING, max_match_data=_MAX_MATCH_BYTES)
        self._signatures = signatures
        self._compiled = signatures.compiled
        self._limits = limits

    def scan(self, content: bytes | memoryview, sha256: str = "") -> Scan:
        """Every signature that matches the bytes, in order of rule ids; a known digest counts as a match."""
        try:
            # Fast mode leaves out repetitions of strings whose number no condition asks for.
            found = self._compiled.match(
                data=content,
                timeout=self._limits.match_seconds,
                fast=True,
                warnings_callback=lambda _kind, _data: yara.CALLBACK_CONTINUE,
                console_callback=_unheard,
            )
        except yara.TimeoutError:
            seconds = self._limits.match_seconds
            return Scan(
                self._known(content, sha256),
                code="timeout",
                failure=f"the signatures took more than {seconds} s",
            )
        except yara.Error as error:
            return Scan(
                self._known(content, sha256), code="not-scanned", failure=f"the signatures stopped: {error}"
            )
        clues = read_clues([match for match in found if match.namespace == CLUE_NAMESPACE])
        matches = [self._match(match) for match in found if match.namespace != CLUE_NAMESPACE]
        matches += self._known(content, sha256)
        matches.sort(key=lambda match: match.rule_id)
        return Scan(tuple(matches), clues)

    def _match(self, match: Any) -> RuleMatch:
        strings = [
            MatchedString(string.identifier, at.offset, at.matched_length, _text(at.matched_data))
            for string in match.strings
            for at in string.instances
        ]
        strings.sort(key=lambda each: (each.offset, each.identifier))
        return RuleMatch(
            rule_id=self._signatures.rule_id(match.namespace, match.rule),
            strings=tuple(strings[: self._limits.evidence_per_finding]),
        )

    def _known(self, content: bytes | memoryview, sha256: str) -> tuple[RuleMatch, ...]:
        whole = (MatchedString("sha256", 0, len(content), f"SHA-256 {sha256}"),)
        return tuple(
            RuleMatch(rule_id=each, strings=whole) for each in self._signatures.files.get(sha256, ())
        )


def _text(data: bytes) -> str:
    """Matched bytes as text; of UTF-16 the letters alone."""
    if len(data) > 3 and data[1::2].count(0) == len(data[1::2]):
        data = data[::2]
    return shown_text(data)
