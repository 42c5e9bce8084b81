"""Environment variables that make loaders and interpreters run something more than they were asked to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_image, at_most, note
from forensics.detectors._instructions import ARGUMENT_LENGTH
from forensics.detectors._places import is_hostile_start
from forensics.detectors._scene import Detector, Scene
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

HIJACK = Statement(
    rule_id="start/loader-variable",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="An environment variable loads code into every program",
    explanation=(
        "The variable makes the dynamic loader or an interpreter run a file before anything else, in every "
        "program that is started in the container, and no package answers for that file."
    ),
    alternatives=(
        "A memory allocator (jemalloc, tcmalloc) or a monitoring agent that belongs to the product."
    ),
    remediation="Examine the file that is named; remove the variable unless its purpose is known.",
    attack=("T1574.006", "T1574.007"),
)

_ALWAYS = frozenset(
    {"LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PROMPT_COMMAND", "LD_LIBRARY_PATH"}
)
_OPTIONS = {
    "NODE_OPTIONS": re.compile(r"(?:--require|-r|--import|--loader|--experimental-loader)[= ](\S+)"),
    "PERL5OPT": re.compile(r"-[mM](\S+)"),
    "PERL5LIB": re.compile(r"([^:\s]+)"),
    "RUBYOPT": re.compile(r"-r\s*(\S+)"),
    "PYTHONPATH": re.compile(r"([^:\s]+)"),
    "JAVA_TOOL_OPTIONS": re.compile(r"-(?:javaagent|agentpath):([^\s=,]+)"),
    "JDK_JAVA_OPTIONS": re.compile(r"-(?:javaagent|agentpath):([^\s=,]+)"),
    "_JAVA_OPTIONS": re.compile(r"-(?:javaagent|agentpath):([^\s=,]+)"),
}
_SEARCH_PATHS = frozenset({"LD_LIBRARY_PATH", "PYTHONPATH", "PERL5LIB"})
_BENIGN = re.compile(
    r"/lib(?:jemalloc|tcmalloc|mimalloc|nss_wrapper|faketime|eatmydata|gomp|iomp5|stdc\+\+|asan)[\w.-]*\.so[\d.]*$"
)
_UNRESOLVED = re.compile(r"\$(?:LIB|PLATFORM|ORIGIN)|\$\{(?:LIB|PLATFORM|ORIGIN)\}")


class LoaderVariables(Detector):
    """`high` unless packages or the product account for the file; hostile places are always `high`."""

    id = "loader_variables"
    statements = (HIJACK,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a variable that names something doubtful."""
        for line in scene.image.config.env:
            name, _, value = line.partition("=")
            worst: Severity | None = None
            evidence: list[Evidence] = [note(line, "config")]
            for target in _targets(name, value[:ARGUMENT_LENGTH]):
                severity, text = _judge(scene, name, target)
                evidence.append(note(text))
                if severity is not None and (worst is None or severity.rank > worst.rank):
                    worst = severity
            if worst is not None:
                yield about_image(
                    scene, HIJACK, evidence, Circumstances(severity=worst, detail=name, distinct=name)
                )


def _targets(name: str, value: str) -> list[str]:
    if name in _ALWAYS:
        return [one for one in re.split(r"[:\s]+", value) if one.startswith("/")][:32]
    pattern = _OPTIONS.get(name)
    return [one for one in pattern.findall(value) if one.startswith("/")][:32] if pattern else []


def _judge(scene: Scene, name: str, target: str) -> tuple[Severity | None, str]:
    hostile = is_hostile_start(target) or is_hostile_start(f"{target}/x")
    if hostile:
        return HIJACK.severity, f"{target} lies where no program belongs"
    if name in _SEARCH_PATHS:
        return None, f"{target} is searched first"
    version = None if _UNRESOLVED.search(target) else scene.view.resolve(target)
    if version is None:
        return Severity.LOW, f"{target} is not in the image"
    if scene.vouched(version):
        return None, f"a package answers for {target}"
    reasons = scene.product.reasons(version)
    if _BENIGN.search(target) or reasons:
        return at_most(
            HIJACK.severity, Severity.LOW
        ), f"no package owns {target}; {' '.join(reasons) or 'a known library'}"
    return HIJACK.severity, f"no package owns {target}"


DETECTOR = LoaderVariables()
