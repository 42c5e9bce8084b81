"""Sizes, counts, modes and instructions as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.model.files import FileKind, FileState
from forensics.quantities import counted, human_size
from forensics.tui.words import (
    count_text,
    instruction_text,
    mode_text,
    size_text,
    size_words,
    state_text,
    time_text,
)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "…"),
        (0, "0B"),
        (999, "999B"),
        (1000, "1.0k"),
        (1536, "1.5k"),
        (102_400, "102k"),
        (74_833_485, "74.8M"),
        (999_499_999, "999M"),
        (1 << 30, "1.1G"),
        (5 * 10**12, "5.0T"),
    ],
)
def test_a_size(size: int | None, text: str) -> None:
    assert size_text(size) == text


@given(st.integers(min_value=0, max_value=10**15))
def test_no_size_is_wider_than_five_and_all_read_as_in_a_report(size: int) -> None:
    assert len(size_text(size)) <= 5
    assert size_words(size) == human_size(size)
    number, unit = human_size(size).split()
    assert size_text(size) == number + unit[0]
    assert size_words(None) == "…"


@pytest.mark.parametrize(
    ("count", "text", "brief"),
    [
        (None, "…", "…"),
        (0, "", ""),
        (999, "999", "999"),
        (3123, "3.1k", "3k"),
        (54700, "55k", "55k"),
        (999499, "999k", "999k"),
        (1200000, "1.2M", "1M"),
    ],
)
def test_a_count(count: int | None, text: str, brief: str) -> None:
    assert count_text(count) == text
    assert count_text(count, brief=True) == brief


@given(st.integers(min_value=0, max_value=10**8))
def test_no_count_is_wider_than_its_column(count: int) -> None:
    assert len(count_text(count)) <= 4


@pytest.mark.parametrize(
    ("mode", "kind", "text"),
    [
        (0o755, FileKind.REGULAR, "-rwxr-xr-x"),
        (0o4755, FileKind.REGULAR, "-rwsr-xr-x"),
        (0o2644, FileKind.REGULAR, "-rw-r-Sr--"),
        (0o1777, FileKind.DIRECTORY, "drwxrwxrwt"),
        (0o1776, FileKind.DIRECTORY, "drwxrwxrwT"),
        (0o777, FileKind.SYMLINK, "lrwxrwxrwx"),
        (0, FileKind.CHAR_DEVICE, "c---------"),
    ],
)
def test_a_mode_as_ls_writes_it(mode: int, kind: FileKind, text: str) -> None:
    assert mode_text(mode, kind) == text


@pytest.mark.parametrize(
    ("created_by", "text"),
    [
        ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c rm -r /tmp # buildkit", "RUN rm -r /tmp"),
        ("COPY a b # buildkit", "COPY a b"),
        ("RUN   set -e;\t\n  true", "RUN set -e; true"),
        ("", ""),
    ],
)
def test_an_instruction_as_its_author_wrote_it(created_by: str, text: str) -> None:
    assert instruction_text(created_by) == text


def test_times_and_states_and_numbers() -> None:
    assert time_text(0) == "1970-01-01 00:00:00"
    assert time_text(1e300) == "—"
    assert time_text(float("nan")) == "—"
    assert state_text(FileState.DELETED, 6) == "deleted by 6"
    assert state_text(FileState.VISIBLE, None) == "visible"
    assert state_text(None, None) == ""
    assert counted(1, "file") == "1 file"
    assert counted(2_000, "library", "libraries") == "2,000 libraries"
