"""Private keys, tokens and passwords in files, those that a later layer removed included."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file
from forensics.detectors._places import basename, is_documentation, is_test_data
from forensics.detectors._scene import Detector, Scene
from forensics.model.facts import FileFacts
from forensics.model.files import FileState, FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

PRIVATE_KEY = Statement(
    rule_id="secret/private-key-in-file",
    category=Category.SECRET,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Private key in a layer",
    explanation=(
        "Everybody who can pull the image has this private key, and whatever trusts it trusts them."
    ),
    alternatives="A key for tests that opens nothing.",
    remediation=(
        "Replace the key everywhere it is trusted, and rebuild the image without the layer that brought it."
    ),
    attack=("T1552.004",),
)
TOKEN = Statement(
    rule_id="secret/token-in-file",
    category=Category.SECRET,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Access token in a layer",
    explanation="Everybody who can pull the image has this token, and can do with it what its owner can.",
    alternatives="A token that was revoked, or one of a test system.",
    remediation="Revoke the token, and rebuild the image without the layer that brought it.",
    attack=("T1552.001",),
)

PASSWORD = Statement(
    rule_id="secret/password-in-file",
    category=Category.SECRET,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Password in a layer",
    explanation=(
        "A settings file of a database's client or of a site gives its password. Everybody who can pull the "
        "image has it."
    ),
    alternatives="A password that is replaced when a container starts, or one of a test system.",
    remediation=(
        "Change the password, give it to the container when it starts, and rebuild the image without the "
        "layer that brought it."
    ),
    attack=("T1552.001",),
)

_HOST_KEY = re.compile(r"/etc/ssh/ssh_host_\w+_key")
_TEST_NAME = re.compile(
    r"(^|[._-])(tests?|example|sample|dummy|demo|snakeoil|selfsigned|self-signed)([._-]|\d|$)"
)
_LIBRARY_TREE = re.compile(r"/(node_modules|site-packages|dist-packages|gems|vendor|go/src|go/pkg)/")


class FileSecrets(Detector):
    """A secret that a later layer hides is as public as one that is visible, and is told as such."""

    id = "file_secrets"
    statements = (PRIVATE_KEY, TOKEN, PASSWORD)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most three findings for a version; files that a package answers for are left out."""
        for sha256, versions in scene.contents.items():
            facts = scene.facts.get(sha256)
            if facts is None or not facts.secrets:
                continue
            for said in self.statements:
                evidence = list(_evidence(facts, said))
                for version in versions if evidence else ():
                    if not scene.vouched(version) and not _HOST_KEY.fullmatch(version.path):
                        yield about_file(scene, said, version, evidence, _case(version))


def _evidence(facts: FileFacts, said: Statement) -> Iterator[Evidence]:
    for secret in facts.secrets:
        if _statement(secret.identifier) is said:
            yield Evidence(kind="bytes", text=secret.text, offset=secret.offset, length=secret.length)


def _statement(kind: str) -> Statement:
    if kind.endswith(("private-key", "secret-key")):
        return PRIVATE_KEY
    return PASSWORD if kind.endswith("-password") else TOKEN


def _case(version: FileVersion) -> Circumstances:
    reasons: tuple[str, ...] = ()
    if version.state is not FileState.VISIBLE:
        reasons = (f"Layer {version.changed_by_layer} hides it; the layer that brought it still carries it.",)
    path = version.path
    if is_test_data(path) or _TEST_NAME.search(basename(path).lower()) or is_documentation(path):
        reasons = (*reasons, "Its place or name says that it is an example or made for tests.")
        return Circumstances(severity=Severity.LOW, confidence=Confidence.LOW, reasons=reasons)
    if _LIBRARY_TREE.search(path):
        reasons = (*reasons, "It came with a published library, so that it never was a secret of this image.")
        return Circumstances(severity=Severity.LOW, confidence=Confidence.LOW, reasons=reasons)
    return Circumstances(reasons=reasons)


DETECTOR = FileSecrets()
