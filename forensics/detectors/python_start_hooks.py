"""What Python runs at every start: lines of `.pth` files, sitecustomize, usercustomize. Source: site.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors import _programs as programs
from forensics.detectors._finding import Circumstances, Statement, about_file, excerpt, in_effect
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

HOOK = Statement(
    rule_id="persistence/python-start-hook",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Every start of Python runs hidden or fetched code",
    explanation=(
        "Python runs this file whenever it starts, whatever program it runs. The code decodes, fetches or "
        "starts something, which is how backdoored packages stay active without being imported."
    ),
    alternatives=(
        "A coverage, profiling or editable-install hook does start code here, and does not decode or fetch "
        "any."
    ),
    remediation=(
        "Remove the package that brought it, and treat every secret that Python could read as stolen."
    ),
    attack=("T1546.018",),
)
LONG = Statement(
    rule_id="persistence/python-start-hook-long",
    category=Category.PERSISTENCE,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="An unusually long line of code runs at every start of Python",
    explanation="A line of a .pth file that begins with import is code. Honest ones are short.",
    alternatives="A generated hook.",
    remediation="Read the line.",
    attack=("T1546.018",),
)

_LONG = 1000
_CODE_LINE = re.compile(r"^import[ \t;][^\n]*", re.MULTILINE)
_STARTS = re.compile(
    r"\b(?:subprocess|os\.system|os\.popen|popen|Popen|pty|socket|ctypes|urllib|requests|http\.client)\b"
)
_CALLS = re.compile(r"\b(?:subprocess\.\w+|Popen|os\.(?:system|popen|exec\w+|spawn\w+)|pty\.spawn)\s*\(")


class PythonStartHooks(Detector):
    """Judges what the code does; that it exists says nothing."""

    id = "python_start_hooks"
    statements = (HOOK, LONG)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding a version."""
        for name, versions in scene.files.names.items():
            whole = name in ("sitecustomize.py", "usercustomize.py")
            for version in versions if whole or name.endswith(".pth") else ():
                if version.content is not None and not scene.vouched(version):
                    yield from _judge(scene, version, whole=whole)


def _judge(scene: Scene, version: FileVersion, *, whole: bool) -> Iterator[Finding]:
    text = scene.files.text(version)
    lines = (
        [(text, 0)]
        if whole
        else [(match.group(), match.start()) for match in _CODE_LINE.finditer(text)][:100]
    )
    hostile: list[Evidence] = []
    long: list[Evidence] = []
    for code, offset in lines:
        if _is_hostile(code, whole=whole):
            hostile.append(excerpt(code[:2000], offset, len(code)))
        elif len(code) > _LONG and not whole:
            long.append(excerpt(code[:2000], offset, len(code)))
    starts = _CALLS.search(text) if whole and not hostile else None
    if hostile:
        yield about_file(
            scene, HOOK, version, hostile, Circumstances(severity=in_effect(version, HOOK.severity))
        )
    elif starts:
        case = Circumstances(
            severity=in_effect(version, Severity.MEDIUM),
            confidence=Confidence.MEDIUM,
            reasons=("It starts a program, and neither decodes nor fetches anything.",),
        )
        yield about_file(scene, HOOK, version, [excerpt(starts.group(), starts.start())], case)
    elif long:
        yield about_file(
            scene, LONG, version, long, Circumstances(severity=in_effect(version, LONG.severity))
        )


def _is_hostile(code: str, *, whole: bool) -> bool:
    decodes_and_runs = programs.code_decodes(code) and programs.runs_code(code)
    starts = _STARTS.search(code) is not None
    return (
        decodes_and_runs
        or (starts and not whole)
        or (programs.code_fetches(code) and programs.runs_code(code))
    )


DETECTOR = PythonStartHooks()
