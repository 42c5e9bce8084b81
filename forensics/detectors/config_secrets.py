"""Passwords, tokens and keys in the image configuration: environment, labels, build history."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_image, about_layer, note, shown
from forensics.detectors._instructions import steps
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.detectors._secrets import Secret, secret_in_setting, secrets_in_command
from forensics.model.findings import Category, Confidence, Finding, Severity

ENVIRONMENT = Statement(
    rule_id="secret/in-environment",
    category=Category.SECRET,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Secret in the image's environment",
    explanation=(
        "Environment variables of the configuration can be read by everybody who can pull the image, and "
        "every program in the container inherits them."
    ),
    alternatives="A default for demonstrations that no real system uses.",
    remediation="Replace the secret where it is valid, and give it at run time from a store of secrets.",
    attack=("T1552.001",),
)
LABEL = Statement(
    rule_id="secret/in-label",
    category=Category.SECRET,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Secret in a label",
    explanation="Labels are shown by every registry and tool, and this one holds a password, token or key.",
    alternatives="A value that only looks like one.",
    remediation="Replace the secret where it is valid, and remove the label.",
    attack=("T1552.001",),
)
HISTORY = Statement(
    rule_id="secret/in-history",
    category=Category.SECRET,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Secret in a build step",
    explanation=(
        "The history keeps every build step word for word, build arguments included, so that a secret used "
        "while building can be read by everybody who can pull the image."
    ),
    alternatives="A token that was valid during the build only, or a default for demonstrations.",
    remediation=(
        "Replace the secret where it is valid; use secret mounts of the builder (RUN --mount=type=secret)."
    ),
    attack=("T1552.001",),
)


class ConfigSecrets(Detector):
    """Known token forms are `high`; a telling name with a value that is not random is `medium`."""

    id = "config_secrets"
    needs = Needs.CONFIG
    statements = (ENVIRONMENT, LABEL, HISTORY)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a variable, a label, a secret in a build step."""
        config = scene.image.config
        told: set[str] = set()
        for line in config.env:
            name, _, value = line.partition("=")
            found = secret_in_setting(name, value)
            if found is not None:
                told.add(found.masked)
                yield about_image(
                    scene, ENVIRONMENT, [note(_text("Env", found), "config")], _case(found, name)
                )
        for key in sorted(config.labels):
            found = secret_in_setting(key, config.labels[key])
            if found is not None:
                told.add(found.masked)
                yield about_image(scene, LABEL, [note(_text("Label", found), "config")], _case(found, key))
        for step in steps(scene.image):
            for found in secrets_in_command(step.line):
                if found.masked in told:
                    continue
                told.add(found.masked)
                evidence = [note(f"step {step.number + 1}: {_text('', found)}", "history")]
                case = _case(found, f"{step.number} {found.name} {found.masked}")
                if step.layer is None:
                    yield about_image(scene, HISTORY, evidence, case)
                else:
                    yield about_layer(scene, HISTORY, step.layer, evidence, case)


def _text(field: str, found: Secret) -> str:
    return f"{field} {shown(found.name, 80)}={found.masked}: {found.why}".strip()


def _case(found: Secret, distinct: str) -> Circumstances:
    return Circumstances(severity=found.severity, detail=found.name, distinct=distinct)


DETECTOR = ConfigSecrets()
