"""Times against one another: impossible_times never looks at a clock."""

from __future__ import annotations

import pytest

from forensics.detectors.impossible_times import DETECTOR
from forensics.model.image import HistoryEntry
from tests.scenes import File, config, judge

DAY = 86_400
NEWEST = 1_700_000_000  # 2023-11-14T22:13:20Z


def of(mtime: int, **values: object) -> list[tuple[str, str, int | None]]:
    found = judge(DETECTOR, {"/a": File(b"x", mtime=mtime)}, config=config(**values))
    return [(one.rule_id, str(one.severity), one.layer) for one in found]


@pytest.mark.parametrize("mtime", [0, NEWEST, NEWEST + DAY - 1])
def test_files_no_younger_than_the_image(mtime: int) -> None:
    assert of(mtime, created="2023-11-14T22:13:20.123456789Z") == []


@pytest.mark.parametrize(
    ("ahead", "severity"), [(DAY + 2, "info"), (300 * DAY, "info"), (400 * DAY, "low"), (1 << 35, "low")]
)
def test_a_younger_file(ahead: int, severity: str) -> None:
    told = [("archive/file-from-the-future", severity, 0)]
    assert of(NEWEST + ahead, created="2023-11-14T22:13:20Z") == told


def test_the_newest_step_counts_where_it_is_newer() -> None:
    step = HistoryEntry(created="2024-11-14T22:13:20+00:00")
    assert of(NEWEST + 300 * DAY, created="2023-11-14T22:13:20Z", history=[step]) == []


@pytest.mark.parametrize(
    "created",
    ["", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1980-01-01T00:00:01Z", "soon", "9" * 99],
)
def test_times_that_stand_for_none_measure_nothing(created: str) -> None:
    assert of(NEWEST, created=created) == []


def test_history_that_runs_backwards() -> None:
    def steps(*times: str) -> list[HistoryEntry]:
        return [HistoryEntry(created=time, created_by=f"RUN {time}") for time in times]

    forwards = steps("2023-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2023-01-01T00:00:00Z")
    assert of(0, history=forwards) == []
    assert of(0, history=steps("2023-01-02T00:00:00Z", "2023-01-01T01:00:00Z")) == []
    backwards = steps("2023-03-01T00:00:00Z", "2023-01-01T00:00:00Z")
    assert of(0, history=backwards) == [("archive/history-runs-backwards", "info", None)]
