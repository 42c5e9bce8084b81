"""What the build steps did that a good build does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._behaviour import Act, Behaviour, behaviours
from forensics.detectors._commands import has_bare_address, is_known_installer, is_local
from forensics.detectors._finding import (
    Circumstances,
    Statement,
    about_image,
    about_layer,
    note,
)
from forensics.detectors._instructions import Step, steps, without_arguments
from forensics.detectors._powers import gives_root
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.findings import Category, Confidence, Finding, Severity

PIPED = Statement(
    rule_id="history/download-piped",
    category=Category.CONFIGURATION,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    title="A build step ran a download without looking at it",
    explanation=(
        "The step handed a download straight to an interpreter. What ran is recorded nowhere, and the next "
        "build may run something else."
    ),
    alternatives="Many projects tell people to install them like this.",
    remediation=(
        "Download a fixed version, compare its digest, then run it; look at what the step changed in its "
        "layer."
    ),
    attack=("T1105", "T1059.004"),
)
STORED = Statement(
    rule_id="history/download-run",
    category=Category.CONFIGURATION,
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    title="A build step ran a download that nothing verified",
    explanation="The step stored a download and ran it, and compared neither a digest nor a signature.",
    alternatives="An ordinary installer.",
    remediation="Compare the digest of what was downloaded before it is run.",
    attack=("T1105",),
)
DECODED = Statement(
    rule_id="history/decode-run",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A build step decoded hidden text and ran it",
    explanation=(
        "The step carries its real command in an encoding, so that the history does not show what was done."
    ),
    alternatives="A generated command that avoids trouble with quotation marks.",
    remediation="Decode the text and judge what it does; look at what the step changed in its layer.",
    attack=("T1140", "T1059.004"),
)
REMOTE = Statement(
    rule_id="history/remote-shell",
    category=Category.BACKDOOR,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A build step opened a shell to the network",
    explanation=(
        "While the image was built, a shell was handed to a network address: the builder was entered."
    ),
    alternatives="None that is known outside of training material.",
    remediation="Treat the builder and everything it made since as compromised.",
    attack=("T1059.004",),
)
WIPED = Statement(
    rule_id="history/traces-wiped",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A build step wiped the shell's history",
    explanation=(
        "A build keeps no shell history, so that a step that removes it was copied from somebody who had "
        "one to hide."
    ),
    alternatives="Habit, or an image that was saved from a running container.",
    remediation="Look at what the same step and its neighbours did.",
    attack=("T1070.003",),
)
UNTRUSTED = Statement(
    rule_id="history/trust-disabled",
    category=Category.CONFIGURATION,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    title="A build step switched off the check of signatures or certificates",
    explanation="What was fetched could have been replaced on the way without anybody noticing.",
    alternatives="A mirror inside a company; an archive of an old distribution whose keys have expired.",
    remediation="Install the missing key or certificate authority instead.",
    attack=("T1553.004",),
)
TOOLS = Statement(
    rule_id="history/attack-tools",
    category=Category.UNEXPECTED_BINARY,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A build step installed tools for scanning, mining or hiding",
    explanation=(
        "The step installed programs that attackers use to find further machines, to mine, or to hide where"
        " they are."
    ),
    alternatives="An image of a security tool.",
    remediation="Make sure that the image is meant for this.",
    attack=("T1046", "T1588.002"),
)
SET_ID = Statement(
    rule_id="history/setuid-shell",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A build step gave a shell or a tool another user's rights",
    explanation=(
        "The step set the set-user-ID bit or a capability on a program that runs anything it is told."
    ),
    alternatives="A careless recursive chmod.",
    remediation="Remove the bit or the capability.",
    attack=("T1548.001",),
)

_TRUST_OFF = re.compile(
    r"--no-check-certificate|--allow-untrusted|--allow-unauthenticated|--force-yes|--no-gpg-checks?"
    r"|\[\s*trusted=yes[^\]\n]{0,200}\](?!\s*file:)"
    r"|--nogpgcheck|gpgcheck=0|strict-ssl\s+false|http\.sslVerify\s*=?\s*false|GIT_SSL_NO_VERIFY=(?:1|true)"
    r"|NODE_TLS_REJECT_UNAUTHORIZED=0|PYTHONHTTPSVERIFY=0|--trusted-host|AllowInsecureRepositories|curl\s[^|;&\n]{0,200}?(?:\s-\w*k\w*\s|--insecure)"
)
_TOOLS = re.compile(
    r"(?:\b(?:install|add|get|clone|wget|curl|emerge|pacman)\b[^;&|\n]{0,400}?[\s/])"
    r"(?P<tool>masscan|zgrab2?|pnscan|hwloc-dev|xmrig|xmr-stak|cpuminer(?:-multi)?|minerd|proxychains(?:4|-ng)?|torsocks|sqlmap|hydra"
    r"|deepce|linpeas|peirates|chisel|ngrok)(?![\w])"
)
_CHMOD = re.compile(
    r"\bchmod\s+(?:-\w+\s+)*(?:[ugo]*\+[rwxt]*s[rwxt]*|0?[4-7][0-7]{3})\s+(?P<targets>[^;&|\n]{1,400})"
)
_SETCAP = re.compile(
    r"\bsetcap\s+(?:-\w+\s+)*[\"']?\S*(?:cap_setuid|cap_sys_admin|cap_sys_ptrace|cap_dac_\w+|=e?i?p?ep?)\S*\s+(?P<targets>[^;&|\n]{1,200})"
)
_SAID = {
    Act.DOWNLOAD_RUN: PIPED,
    Act.DOWNLOAD_THEN_RUN: STORED,
    Act.DECODE_RUN: DECODED,
    Act.REMOTE_SHELL: REMOTE,
    Act.TRACES_WIPED: WIPED,
}


class BuildHistory(Detector):
    """Reads every history line as shell text; steps that only declare something are passed over."""

    id = "build_history"
    needs = Needs.CONFIG
    statements = (PIPED, STORED, DECODED, REMOTE, WIPED, UNTRUSTED, TOOLS, SET_ID)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding of each kind a step."""
        for step in steps(scene.image):
            if not step.command:
                continue
            told: set[str] = set()
            for act in behaviours(step.command):
                said = _SAID.get(act.act)
                if said is None or said.rule_id in told or is_local(act):
                    continue
                told.add(said.rule_id)
                severity, reasons = _weight(said, act)
                yield _say(scene, said, step, f"{act.act}: {act.text}", severity, reasons)
            yield from self._words(scene, step)

    def _words(self, scene: Scene, step: Step) -> Iterator[Finding]:
        off = _TRUST_OFF.search(step.command)
        if off:
            yield _say(scene, UNTRUSTED, step, off.group(), UNTRUSTED.severity)
        tool = _TOOLS.search(step.command)
        if tool:
            yield _say(scene, TOOLS, step, tool.group("tool"), TOOLS.severity)
        for match in (*_CHMOD.finditer(step.command), *_SETCAP.finditer(step.command)):
            names = [word.rpartition("/")[2] for word in match.group("targets").split()]
            if any(gives_root(name) for name in names):
                yield _say(scene, SET_ID, step, match.group(), SET_ID.severity)
                break


def _weight(said: Statement, act: Behaviour) -> tuple[Severity, tuple[str, ...]]:
    if said not in (PIPED, STORED):
        return said.severity, ()
    if has_bare_address(act):
        return Severity.HIGH, ("It fetched from a bare address instead of a named host.",)
    if said is PIPED and is_known_installer(act):
        return Severity.LOW, ("The host is known for installers that people are told to run like this.",)
    if said is STORED and any(address.lower().startswith("http:") for address in act.addresses):
        return Severity.MEDIUM, ("It was fetched without encryption.",)
    return said.severity, ()


def _say(
    scene: Scene, said: Statement, step: Step, text: str, severity: Severity, reasons: tuple[str, ...] = ()
) -> Finding:
    evidence = [
        note(f"step {step.number + 1}: {text}", "history"),
        note(without_arguments(step.line), "history"),
    ]
    case = Circumstances(severity=severity, reasons=reasons, distinct=str(step.number))
    if step.layer is None:
        return about_image(scene, said, evidence, case)
    return about_layer(scene, said, step.layer, evidence, case)


DETECTOR = BuildHistory()
