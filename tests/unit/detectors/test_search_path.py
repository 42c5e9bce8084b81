"""Folders of PATH that no command should come from."""

from __future__ import annotations

import pytest

from forensics.detectors import Scene
from forensics.detectors.search_path import DETECTOR
from forensics.model.findings import Finding, Severity
from forensics.model.image import Image
from tests.scenes import config

SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def judge(*env: str) -> list[Finding]:
    image = Image(source="x", reference="x", config=config(env=env), layers=())
    return list(DETECTOR.detect(Scene(image=image, rules={})))


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("/tmp/.s:/usr/bin:/bin", "high"),
        ("/tmp:/usr/bin:/bin", "high"),
        ("/usr/bin:/dev/shm:/bin", "high"),
        ("/var/tmp/x/:/usr/bin", "high"),
        ("//tmp//a:/usr/bin", "high"),
        ("/usr/../tmp:/usr/bin", "high"),
        ("/usr/lib/.x:/usr/bin", "high"),
        ("/root/.s:/usr/bin", "high"),
        ("/var/spool/x:/usr/bin", "high"),
        ("/proc/self/cwd:/usr/bin", "high"),
        ("/tmp", "high"),
        (f"{SYSTEM}:/tmp/bin", "medium"),
        (f"{SYSTEM}:/usr/share/.x", "medium"),
        ("/home/x/.cache:/usr/bin", "medium"),
        (".:/usr/bin", "medium"),
        (":/usr/bin", "medium"),
        ("/usr/bin::/bin", "medium"),
        ("x/y:/usr/bin", "medium"),
        (f"{SYSTEM}:", "low"),
        (f"{SYSTEM}:.", "low"),
        (f"./node_modules/.bin:{SYSTEM}", "low"),
        (f"~/bin:{SYSTEM}", "low"),
        (f"${{JAVA_HOME}}/bin:{SYSTEM}", "low"),
        (f"/root/.newtool/bin:{SYSTEM}", "low"),
        (f"/opt/x:{':'.join(['/opt/y'] * 2000)}:/tmp", "medium"),
    ],
)
def test_odd_folders(value: str, severity: str) -> None:
    (found,) = judge("A=b", f"PATH={value}")
    assert (found.rule_id, str(found.severity), found.layer) == ("start/search-path", severity, None)
    assert len(found.evidence) > 1


@pytest.mark.parametrize(
    "value",
    [
        SYSTEM,
        f"/root/.cargo/bin:/root/.local/bin:/home/user/.local/bin:{SYSTEM}",
        f"/opt/java/openjdk/bin:/usr/local/go/bin:/go/bin:/usr/local/bundle/bin:{SYSTEM}",
        f"/app/node_modules/.bin:/app/.venv/bin:/root/.nvm/versions/node/v20/bin:{SYSTEM}",
        f"{SYSTEM}:/usr/games:/snap/bin:/mssql-tools/bin:/root/.dotnet/tools:/var/lib/x/bin",
        f"/root/.nix-profile/bin:/run/wrappers/bin:/run/current-system/sw/bin:{SYSTEM}",
        "",
    ],
)
def test_ordinary_search_paths(value: str) -> None:
    assert [one for one in judge(f"PATH={value}") if one.severity.rank > Severity.LOW.rank] == []
    assert ".nix-profile" in value or judge(f"PATH={value}") == []


def test_other_variables_are_not_searched() -> None:
    assert judge("MANPATH=/tmp", "PATH2=/tmp", "path=/tmp", "PATH") == []


def test_the_folder_and_its_place_are_told() -> None:
    (found,) = judge("PATH=/tmp/.s:/usr/bin:/bin:.")
    line, first, last = (one.text for one in found.evidence)
    assert line == "PATH=/tmp/.s:/usr/bin:/bin:."
    assert first.startswith("/tmp/.s is a place that anybody may write to")
    assert first.endswith("it is searched before the folders of the system")
    assert last == ". is whatever folder somebody is in; it is searched after the folders of the system"
