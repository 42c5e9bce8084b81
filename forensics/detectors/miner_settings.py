"""Mining pools, wallets and miner options in the image configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_image, note
from forensics.detectors._instructions import ARGUMENT_LENGTH
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.findings import Category, Confidence, Finding, Severity

MINER = Statement(
    rule_id="miner/start-settings",
    category=Category.MINER,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="The image is set up to mine cryptocurrency",
    explanation="The configuration names a mining pool or passes options that only miners understand.",
    alternatives="An image that is openly offered for mining.",
    remediation="Do not start it. If it ran, look for what started it and for the account that is paid.",
    attack=("T1496",),
)

_PROGRAMS = [
    "xmrig",
    "xmr-stak",
    "minerd",
    "cpuminer",
    "ethminer",
    "t-rex",
    "nbminer",
    "cgminer",
    "bfgminer",
    "lolminer",
    "phoenixminer",
    "nanominer",
]
_POOLS = [
    "minexmr",
    "supportxmr",
    "nanopool",
    "moneroocean",
    "hashvault",
    "c3pool",
    "2miners",
    "f2pool",
    "ethermine",
    "nicehash",
    "monerohash",
    "xmrpool",
    "herominers",
    "unmineable",
    "kryptex",
]
_CLUES = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("mining pool address", r"\bstratum\+(?:tcp|ssl|tls|udp)://\S{4,200}"),
        ("miner program", rf"(?:^|[\s/'\"])(?:{'|'.join(_PROGRAMS)})(?:-\w+)?(?=$|[\s'\"])"),
        ("miner option", r"--(?:donate-level|randomx-\w+|cpu-max-threads-hint|rig-id|cuda-bfactor)\b"),
        ("mining algorithm", r"--algo[= ](?:rx|cn|randomx|cryptonight|ethash|kawpow)\S{0,40}"),
        ("mining pool host", rf"\b(?:{'|'.join(_POOLS)})\.\w{{2,6}}\b"),
        ("Monero address", r"(?<![0-9A-Za-z])(?-i:[48][1-9A-HJ-NP-Za-km-z]{94})(?![0-9A-Za-z])"),
    )
)
_ALONE = frozenset({"mining pool address", "miner program"})


class MinerSettings(Detector):
    """`critical` for a pool address, a miner's name or two clues; one lesser clue alone is `high`."""

    id = "miner_settings"
    needs = Needs.CONFIG
    statements = (MINER,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for the whole configuration."""
        config = scene.image.config
        fields = [("Entrypoint", " ".join(config.entrypoint)), ("Cmd", " ".join(config.cmd))]
        fields += [("Env", line) for line in config.env]
        fields += [("Label", f"{key}={config.labels[key]}") for key in sorted(config.labels)]
        found = [
            (kind, f"{field}: {match.group().strip()}")
            for field, text in fields
            for kind, pattern in _CLUES
            for match in [pattern.search(text[:ARGUMENT_LENGTH])]
            if match and not (field == "Label" and kind == "miner program")
        ]
        if not found:
            return
        kinds = {kind for kind, _ in found}
        severity = Severity.CRITICAL if kinds & _ALONE or len(kinds) > 1 else Severity.HIGH
        evidence = [note(f"{kind}: {text}", "config") for kind, text in found]
        yield about_image(scene, MINER, evidence, Circumstances(severity=severity))


DETECTOR = MinerSettings()
