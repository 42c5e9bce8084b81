"""The findings in order, by layer, filtered."""

from __future__ import annotations

import pytest

from forensics.model.findings import Finding, Severity, report_order
from forensics.tui.findings_book import FindingsBook
from forensics.tui.queries import QueryError
from tests.report_records import make_finding

LOW = make_finding("odd/place", severity=Severity.LOW, layer=0, path="/tmp/a", title="odd place")
HIGH = make_finding("ownership/unowned", severity=Severity.HIGH, layer=1, path="/usr/bin/x", title="unowned")
WORST = make_finding("miner/client", layer=1, path="/usr/lib/.x/kworker")
IMAGE = make_finding(
    "start/fetch", severity=Severity.CRITICAL, layer=None, path=None, state=None, title="fetch"
)


@pytest.fixture
def book() -> FindingsBook:
    filled = FindingsBook()
    filled.add([LOW, WORST])
    filled.add([HIGH, WORST, IMAGE])
    return filled


def test_every_finding_once_in_the_order_of_the_report(book: FindingsBook) -> None:
    assert book.ordered == sorted([LOW, HIGH, WORST, IMAGE], key=report_order)
    assert len(book) == 4
    assert book.by_id(LOW.id) is LOW
    assert book.by_id("nothing") is None


def test_the_worst_of_a_layer_and_of_all(book: FindingsBook) -> None:
    assert book.worst_in_layer(1) == (Severity.CRITICAL, 2)
    assert book.worst_in_layer(0) == (Severity.LOW, 1)
    assert book.worst_in_layer(None) == (Severity.CRITICAL, 1)
    assert book.worst_in_layer(7) == (None, 0)
    assert book.worst() == (Severity.CRITICAL, 4)
    assert FindingsBook().worst() == (None, 0)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("severity>=high", [IMAGE, WORST, HIGH]),
        ("severity:low", [LOW]),
        ("severity<high", [LOW]),
        ("layer:none", [IMAGE]),
        ("layer>0", [WORST, HIGH]),
        ("state:deleted", [WORST, HIGH, LOW]),
        ("kworker", [WORST]),
        ("evidence:stratum", [IMAGE, WORST, HIGH, LOW]),
        ("rule:ownership -kworker", [HIGH]),
    ],
)
def test_a_filter_leaves(book: FindingsBook, query: str, expected: list[Finding]) -> None:
    assert list(book.listed(query)) == expected


def test_other_orders(book: FindingsBook) -> None:
    assert [each.layer for each in book.listed("", "layer")] == [None, 0, 1, 1]
    assert next(each.path for each in book.listed("", "path", descending=True)) == "/usr/lib/.x/kworker"
    assert list(book.listed("", "severity", descending=True)) == book.ordered[::-1]


def test_a_severity_that_is_none_is_refused(book: FindingsBook) -> None:
    with pytest.raises(QueryError, match="bad"):
        book.listed("severity>=bad")
