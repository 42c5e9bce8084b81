"""What the image would run: entrypoint, command, health check, triggers for images built on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.detectors._behaviour import Act, Behaviour, behaviours, behaviours_of_arguments
from forensics.detectors._commands import has_bare_address, is_known_installer, is_local
from forensics.detectors._finding import Circumstances, Statement, about_image, note, one_lower
from forensics.detectors._places import is_hostile_start
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.findings import Category, Confidence, Finding, Severity

FETCHES = Statement(
    rule_id="start/command-fetches",
    category=Category.BACKDOOR,
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
    title="The image runs what it downloads at start",
    explanation=(
        "What runs in the container is not in the image: it is fetched anew at each start and handed to an "
        "interpreter. Whoever controls that address controls every container, and no scan of the image "
        "shows what will run."
    ),
    alternatives="A bootstrap of a home-made installer.",
    remediation=(
        "Do not start it. Fetch the address from an isolated machine, and put what is needed into the image."
    ),
    attack=("T1204.003", "T1059.004", "T1105"),
)
DECODES = Statement(
    rule_id="start/command-decodes",
    category=Category.DEFENSE_EVASION,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="The image decodes hidden text and runs it at start",
    explanation=(
        "The start command carries its real command in an encoding. Nobody who has nothing to hide writes "
        "it so."
    ),
    alternatives="A generated command that avoids trouble with quotation marks.",
    remediation="Do not start it. Decode the text and judge what it does.",
    attack=("T1204.003", "T1140", "T1059.004"),
)
REMOTE_SHELL = Statement(
    rule_id="start/remote-shell",
    category=Category.BACKDOOR,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="The image offers a shell over the network at start",
    explanation=(
        "The start command connects a shell to a network address, which hands the container to whoever is "
        "there."
    ),
    alternatives="None that is known outside of training material.",
    remediation="Do not start it. Block the address and look for containers that ran.",
    attack=("T1204.003", "T1059.004", "T1071"),
)
ODD_PLACE = Statement(
    rule_id="start/hostile-place",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="The image starts a program from a temporary or hidden place",
    explanation=(
        "The program that runs at start lies where no program belongs: in a temporary, volatile or hidden "
        "folder."
    ),
    alternatives="An image for tests that unpacks itself.",
    remediation="Look at the program; move it to where programs belong if it is wanted.",
    attack=("T1204.003", "T1564.001"),
)

_SAID = {
    Act.DOWNLOAD_RUN: FETCHES,
    Act.DOWNLOAD_THEN_RUN: FETCHES,
    Act.DECODE_RUN: DECODES,
    Act.REMOTE_SHELL: REMOTE_SHELL,
    Act.HOSTILE_START: ODD_PLACE,
}


class StartCommand(Detector):
    """Downloads over HTTPS from hosts that publish installers are one step lower, and so are side ways."""

    id = "start_command"
    needs = Needs.CONFIG
    statements = (FETCHES, DECODES, REMOTE_SHELL, ODD_PLACE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each kind of act in each field."""
        config = scene.image.config
        together = (*config.entrypoint, *config.cmd)
        field = (
            "Entrypoint with Cmd"
            if config.entrypoint and config.cmd
            else "Entrypoint"
            if config.entrypoint
            else "Cmd"
        )
        told: set[str] = set()
        yield from self._judge(scene, field, together, behaviours_of_arguments(together), told)
        if config.entrypoint and config.cmd:
            yield from self._judge(scene, "Cmd", config.cmd, behaviours_of_arguments(config.cmd), told)
        yield from self._judge(
            scene, "Healthcheck", config.healthcheck, _health_check(config.healthcheck), set()
        )
        for number, trigger in enumerate(config.on_build[:64]):
            text = trigger.strip().removeprefix("RUN").strip()
            yield from self._judge(scene, f"OnBuild {number + 1}", (trigger,), behaviours(text), set())

    def _judge(
        self,
        scene: Scene,
        field: str,
        words: Sequence[str],
        acts: Sequence[Behaviour],
        told: set[str],
    ) -> Iterator[Finding]:
        for act in acts:
            said = _SAID.get(act.act)
            if said is None or said.rule_id in told or is_local(act):
                continue
            told.add(said.rule_id)
            severity, reasons = _weight(said, act, field)
            evidence = [
                note(f"{field}: {' '.join(words)}", "config"),
                note(f"{act.act}: {act.text}", "config"),
            ]
            case = Circumstances(severity=severity, reasons=reasons, detail=field, distinct=field)
            yield about_image(scene, said, evidence, case)
        if words and is_hostile_start(words[0]) and ODD_PLACE.rule_id not in told and field != "Healthcheck":
            told.add(ODD_PLACE.rule_id)
            case = Circumstances(detail=field, distinct=field)
            yield about_image(scene, ODD_PLACE, [note(f"{field}: {' '.join(words)}", "config")], case)


def _health_check(words: Sequence[str]) -> tuple[Behaviour, ...]:
    """A health check's own form: NONE, CMD with arguments, CMD-SHELL with text (Docker image spec 1.2)."""
    if len(words) > 1 and words[0] == "CMD-SHELL":
        return behaviours(" ".join(words[1:]))
    return behaviours_of_arguments(words[1:]) if words and words[0] == "CMD" else ()


def _weight(said: Statement, act: Behaviour, field: str) -> tuple[Severity, tuple[str, ...]]:
    severity = said.severity
    reasons: list[str] = []
    if has_bare_address(act):
        reasons.append("It fetches from a bare address instead of a named host.")
    elif said is FETCHES and is_known_installer(act):
        severity = one_lower(severity)
        reasons.append("The host is known for installers that people are told to run like this.")
    if field.startswith(("Health", "OnBuild")):
        severity = min(severity, Severity.HIGH, key=lambda one: one.rank)
        reasons.append(
            "The runtime runs the health check again and again."
            if field.startswith("Health")
            else "It runs when another image is built on this one."
        )
    return severity, tuple(reasons)


DETECTOR = StartCommand()
