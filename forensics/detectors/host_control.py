"""Signs in the configuration that the container expects to control its host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_image, note
from forensics.detectors._instructions import ARGUMENT_LENGTH
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.findings import Category, Confidence, Finding, Severity

HOST = Statement(
    rule_id="escape/expects-host-control",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    title="The image expects to control its host",
    explanation=(
        "The configuration speaks of the container engine's socket, the host's file system or the host's "
        "processes. A container that is given them owns the machine."
    ),
    alternatives="An agent for monitoring, building or continuous integration.",
    remediation=(
        "Start it only with what it needs, and never with the engine's socket unless you trust it like root."
    ),
    attack=("T1611",),
)
ESCAPE = Statement(
    rule_id="escape/breakout-command",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="The image's start command breaks out of its container",
    explanation=(
        "The start command enters the host's namespaces, changes root into the host, or starts a container "
        "that holds it."
    ),
    alternatives="A tool for administrators that is meant to do this.",
    remediation="Do not start it with privileges.",
    attack=("T1611", "T1610"),
)

_PLACES = re.compile(
    r"(?:^|[\s=:,'\"/])(?:/var)?/run/(?:docker|containerd/containerd|crio/crio|podman/podman)\.sock\b|^/(?:host|hostfs|rootfs|host/root)/?$"
)
_BREAKOUT = re.compile(
    r"\bnsenter\b[^;|&\n]{0,80}(?:-t\s*1\b|--target[= ]1\b)|release_agent"
    r"|\bchroot\s+/(?:host|mnt|hostfs|rootfs)\b"
    r"|\bdocker\b[^;|&\n]{0,200}(?:--privileged|-v\s*/:/|--volume[= ]/:/|--pid[= ]host)|/proc/1/root\b"
)


class HostControl(Detector):
    """Declared volumes and variables are `medium`; a start command that does it is `high`."""

    id = "host_control"
    needs = Needs.CONFIG
    statements = (HOST, ESCAPE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most two findings."""
        config = scene.image.config
        fields = [("Volume", one) for one in config.volumes]
        fields += [("Env", line) for line in config.env if not line.startswith("PATH=")]
        fields += [("Label", f"{key}={config.labels[key]}") for key in sorted(config.labels)]
        places = [
            note(f"{field}: {text}", "config")
            for field, text in fields
            if _PLACES.search(text[:ARGUMENT_LENGTH])
        ]
        if places:
            yield about_image(scene, HOST, places)
        command = " ".join((*config.entrypoint, *config.cmd))[:ARGUMENT_LENGTH]
        match = _BREAKOUT.search(command)
        if match:
            case = Circumstances(distinct=match.group())
            yield about_image(scene, ESCAPE, [note(f"{match.group()} in: {command}", "config")], case)


DETECTOR = HostControl()
