"""Credentials in the environment, in the build history and in a file that a later layer deletes."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._debian import CURL, debian_image
from ._fakes import aws_key, github_token, private_key
from ._image import Layer, copy, run

_KEY_ID, _KEY = aws_key("orders")
_TOKEN = github_token("build")


def _make() -> Mapping[str, bytes]:
    environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        f"AWS_ACCESS_KEY_ID={_KEY_ID}",
        f"AWS_SECRET_ACCESS_KEY={_KEY}",
    ]
    image, debian = debian_image("leaked-secrets", {"Cmd": ["/srv/report"], "Env": environment})
    image.step(run("apt-get install -y curl"), debian.install(Layer(), CURL))
    image.step(f"ENV AWS_ACCESS_KEY_ID={_KEY_ID} AWS_SECRET_ACCESS_KEY={_KEY}")
    image.step("ARG GITHUB_TOKEN")
    clone = Layer().file("/srv/report", "#!/bin/sh\necho report\n", 0o755)
    image.step(
        f'RUN |1 GITHUB_TOKEN={_TOKEN} /bin/sh -c curl -H "Authorization: Bearer {_TOKEN}" -o /srv/report '
        "https://api.git.invalid/report # buildkit",
        clone,
    )
    key = Layer().file("/root/.ssh/id_rsa", private_key("deploy"), 0o600)
    image.step(copy("id_rsa", "/root/.ssh/"), key)
    image.step(run("rm -f /root/.ssh/id_rsa"), Layer().remove("/root/.ssh/id_rsa"))
    image.step('CMD ["/srv/report"]')
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="leaked-secrets",
    title="What everybody can read who can pull",
    level="easy",
    briefing="""
This image is about to be published. Somebody remembers that "there was something with a key once,
but it was removed".

- Which credentials does the image give away, and in which three kinds of places?
- Which of them would be gone if only the running container's files were looked at?
- Which ones must be revoked?
""",
    make=_make,
    answers=(
        Answer(
            categories=("secret",),
            severity="medium",
            rules=("secret/in-environment",),
            why="An AWS access key and its secret in the environment of the image's configuration.",
        ),
        Answer(
            categories=("secret",),
            severity="medium",
            layer=2,
            why="A GitHub token, given as a build argument, stands in the history of the step that used it.",
        ),
        Answer(
            categories=("secret",),
            severity="medium",
            layer=3,
            path="/root/.ssh/id_rsa",
            state="deleted",
            why="A private key that the next layer deletes and that is still in the image.",
        ),
    ),
)
