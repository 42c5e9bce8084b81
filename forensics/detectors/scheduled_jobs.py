"""Jobs that cron, anacron or at would start. Source: crontab(5), anacrontab(5), at(1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._commands import Suspicion, suspicions
from forensics.detectors._finding import Circumstances, Statement, about_file, excerpt, in_effect
from forensics.detectors._places import basename
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

HOSTILE = Statement(
    rule_id="persistence/scheduled-job",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A scheduled job runs what it fetches, decodes or keeps hidden",
    explanation=(
        "At fixed times the job runs something that is not in the image, that is encoded, or that lies "
        "where no program belongs. That is how an intruder comes back after everything was cleaned up."
    ),
    alternatives="A home-made update or monitoring job.",
    remediation="Remove the job and look at what it starts and at the host it asks.",
    attack=("T1053.003",),
)
UNOWNED = Statement(
    rule_id="persistence/unowned-job",
    category=Category.PERSISTENCE,
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    title="A scheduled job that no package owns",
    explanation="Something was scheduled that does not belong to a package of the distribution.",
    alternatives="A job of the image's own product.",
    remediation="Read the job and make sure that it is wanted.",
    attack=("T1053.003",),
)

_SYSTEM_TABLES = ("/etc/cron.d",)
_USER_TABLES = ("/var/spool/cron", "/etc/crontabs", "/var/spool/fcron", "/usr/lib/cron/tabs")
_SCRIPTS = (
    *("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.yearly"),
    *("/etc/periodic", "/var/spool/at", "/var/spool/cron/atjobs"),
)
_NOT_JOBS = frozenset({".placeholder", ".SEQ", ".keep", "cron.deny", "cron.allow", "cron.update", ".gitkeep"})
_SCHEDULE = re.compile(r"[ \t]*(?:@\w+|(?:[\d*,/~LW#?A-Za-z-]+[ \t]+){4}[\d*,/~LW#?A-Za-z-]+)[ \t]+")
_ANACRON = re.compile(r"[ \t]*(?:\d+|@\w+)[ \t]+\d+[ \t]+[\w.-]+[ \t]+")
_USER = re.compile(r"[\w.$+-]+(?:[:/]\S+)?[ \t]+")


class ScheduledJobs(Detector):
    """What a job does is judged in every version; that nobody owns it is `low` by itself."""

    id = "scheduled_jobs"
    statements = (HOSTILE, UNOWNED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a file of jobs."""
        files = scene.files
        for version, content in (*files.read_at("/etc/crontab"), *files.readable(*_SYSTEM_TABLES)):
            yield from self._table(scene, version, content, with_user=True)
        for version, content in files.readable(*_USER_TABLES):
            if not version.path.startswith("/var/spool/cron/atjobs"):
                yield from self._table(scene, version, content, with_user=False)
        for version, content in files.read_at("/etc/anacrontab"):
            text = files.text(content)
            yield from _tell(scene, version, content, list(_commands(text, _ANACRON, with_user=False)))
        for version, content in files.readable(*_SCRIPTS):
            text = files.text(content)
            yield from _tell(scene, version, content, [(text, 0)] if text.strip() else [])

    def _table(
        self, scene: Scene, version: FileVersion, content: FileVersion, *, with_user: bool
    ) -> Iterator[Finding]:
        text = scene.files.text(content)
        yield from _tell(scene, version, content, list(_commands(text, _SCHEDULE, with_user=with_user)))


def _commands(text: str, schedule: re.Pattern[str], *, with_user: bool) -> Iterator[tuple[str, int]]:
    """The command of every line that schedules one, and where it stands."""
    offset = 0
    for line in text.split("\n"):
        match = schedule.match(line) if not line.lstrip().startswith("#") else None
        if match:
            begin = match.end()
            user = _USER.match(line, begin) if with_user else None
            begin = user.end() if user else begin
            if line[begin:].strip():
                yield line[begin:], offset + begin
        offset += len(line) + 1


def _tell(
    scene: Scene, version: FileVersion, content: FileVersion, commands: list[tuple[str, int]]
) -> Iterator[Finding]:
    if not commands or basename(version.path) in _NOT_JOBS or scene.vouched(content):
        return
    found: list[Suspicion] = [one for text, offset in commands for one in suspicions(text, offset)]
    if found:
        case = Circumstances(severity=in_effect(version, HOSTILE.severity))
        yield about_file(scene, HOSTILE, version, [one.evidence() for one in found], case)
    elif scene.has_reference and _is_unowned(scene, content):
        evidence: list[Evidence] = [excerpt(text[:200], offset) for text, offset in commands[:8]]
        case = Circumstances(severity=in_effect(version, UNOWNED.severity))
        yield about_file(scene, UNOWNED, version, evidence, case)


def _is_unowned(scene: Scene, content: FileVersion) -> bool:
    """Whether nothing accounts for the file; a changed configuration file counts as changed by somebody."""
    verdict = scene.verdict(content.key)
    return verdict is not None and (verdict.config or verdict.status.value in ("unowned", "altered"))


DETECTOR = ScheduledJobs()
