"""Programs that bear the name of a kernel thread or of a part of the system."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, note
from forensics.detectors._places import basename, hidden_folder, is_volatile
from forensics.detectors._scene import Detector, Scene
from forensics.model.findings import Category, Confidence, Finding, Severity

KERNEL = Statement(
    rule_id="names/kernel-thread",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Program with the name of a kernel thread",
    explanation=(
        "Kernel threads have no file: a program of this name exists to be overlooked in a list of "
        "processes. Miners and bots are called like this."
    ),
    alternatives="A tool about the kernel whose name happens to begin alike.",
    remediation="Treat it as hostile; look at what starts it.",
    attack=("T1036.004",),
)
SYSTEM = Statement(
    rule_id="names/system-program",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Unowned program with the name of a part of the system",
    explanation=(
        "The name is that of a well-known service, no package owns the file, and it does not lie where the "
        "service does."
    ),
    alternatives="The service itself, built from source.",
    remediation="Compare it with the real program of the distribution.",
    attack=("T1036.005",),
)

_KERNEL = re.compile(
    r"\[?(?:kworker|kswapd\d*|kthreadd\w*|ksoftirqd|kdevtmpfs\w*|khugepaged|kcompactd\d*|kauditd|khungtaskd|kintegrityd"
    r"|kblockd|kstrp|kpsmoused|ksmd|kthrotld|krfcommd|kerneloops|ktimers|watchdogd|bioset|migration|rcu_sched|rcu_bh|rcu_gp"
    r"|rcu_preempt|oom_reaper|writeback|netns|cpuhp|ata_sff|scsi_eh_\d+|jbd2|edac-poller|devfreq_wq|mm_percpu_wq|irqbalanced)"
    r"(?:[/:_-][\w:./-]*)?\]?"
)
_SYSTEM = re.compile(
    r"systemd(?:-[a-z-]+)?|systemd[a-z]{1,6}|init|sshd|crond?|atd|dbus-daemon|rsyslogd|syslogd|dockerd|containerd(?:-shim)?"
    r"|auditd|udevd|agetty|login|polkitd|NetworkManager|accounts-daemon|snapd|chronyd|ntpd"
)
_BUILT = ("/usr/local/", "/opt/")


class ProcessMasquerade(Detector):
    """Names of kernel threads count everywhere, names of services where nothing accounts for the file."""

    id = "process_masquerade"
    statements = (KERNEL, SYSTEM)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each version of such a program that no package answers for."""
        for version, _, kind in scene.executables:
            name = basename(version.path)
            if scene.vouched(version):
                continue
            evidence = [note(f"{kind} named {name}")]
            if _KERNEL.fullmatch(name):
                yield about_file(scene, KERNEL, version, evidence)
            elif _SYSTEM.fullmatch(name) and scene.unowned(version):
                hidden = hidden_folder(version.path) or is_volatile(version.path)
                reasons = scene.product.reasons(version)
                if hidden:
                    case = Circumstances(reasons=("It lies in a temporary or hidden place.",))
                elif version.path.startswith(_BUILT) or reasons:
                    case = Circumstances(
                        severity=Severity.LOW, reasons=reasons or ("It lies where software built here lies.",)
                    )
                else:
                    case = Circumstances(severity=Severity.MEDIUM)
                yield about_file(scene, SYSTEM, version, evidence, case)


DETECTOR = ProcessMasquerade()
