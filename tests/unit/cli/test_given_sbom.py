"""`scan --sbom FILE` with a file that is no SBOM: the person is told which one and what is expected."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.errors import UsageError
from forensics.limits import Limits
from forensics.pipeline import Options, Session

Run = Callable[..., Any]
TOO_DEEP = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + b"[" * 100_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"root:x:0:0:root:/root:/bin/bash\n", "it is no JSON object"),
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"[]", "it is no JSON object"),
        (b"\x1f\x8b\x08\0\x1b[2J", "it is no JSON object"),
        (b"{}", "it does not say that it is an SBOM"),
        (b'{"bomFormat":', "not the JSON that was expected"),
        (TOO_DEEP, "nests too deeply"),
        (json.dumps({"_type": "x", "predicateType": "y", "predicate": {}}).encode(), "y is not an SBOM"),
    ],
)
def test_a_file_that_is_no_sbom_is_named_with_a_hint_and_ends_with_2(
    run: Run, small_image: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    given = tmp_path / "declared.json"
    given.write_bytes(content)
    ran = run("scan", small_image, "--sbom", given, "--no-cache")
    assert (ran.code, ran.output) == (2, b"")
    first, second = ran.errors.splitlines()
    assert first.startswith(f"error: {given} cannot be read as an SBOM: ")
    assert reason in first
    assert second.startswith("hint: ")
    assert "cyclonedx, spdx" in second.lower()
    assert "\x1b" not in ran.errors


def test_one_that_is_not_there_is_a_wrong_command_line(small_image: Path) -> None:
    options = Options(sbom=(Path("/absent/declared.json"),), cache=False)
    with Session(str(small_image), options) as session, pytest.raises(UsageError) as caught:
        session.analyze()
    assert caught.value.message == "cannot read the SBOM /absent/declared.json: No such file or directory"
    assert caught.value.hint


def test_a_stream_without_an_end_is_read_up_to_the_limit(small_image: Path) -> None:
    options = Options(sbom=(Path("/dev/zero"),), cache=False, limits=Limits(sbom_bytes=1000))
    with (
        Session(str(small_image), options) as session,
        pytest.raises(UsageError, match="larger than an SBOM"),
    ):
        session.analyze()


def test_an_sbom_from_a_pipe_is_read(small_image: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'\n {"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"x"}]}')
    os.close(writing)
    given = Path(f"/proc/self/fd/{reading}")
    with Session(str(small_image), Options(sbom=(given,), cache=False)) as session:
        (declared,) = session.analyze().sbom.declared
    os.close(reading)
    assert (declared.format, declared.components) == ("cyclonedx", 1)
