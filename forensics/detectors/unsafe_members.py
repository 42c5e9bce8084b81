"""Members that no honest layer has: devices, names that climb out, writes through links, duplicates."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, about_layer, note
from forensics.detectors._places import basename
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.files import Entry, FileKind, FileVersion, LayerIndex
from forensics.model.findings import Category, Confidence, Finding, Severity
from forensics.printable import printable

DEVICE = Statement(
    rule_id="archive/device-node",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    title="A device node in a layer",
    explanation=(
        "A device node gives access to hardware or to the kernel. Container images have no use for any but "
        "the standard ones."
    ),
    alternatives="A root file system that was made for a whole machine.",
    remediation="Remove it; runtimes provide the devices that a container may use.",
    attack=("T1611",),
)
RAW_DEVICE = Statement(
    rule_id="archive/raw-device-node",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A device node for disks or memory in a layer",
    explanation=(
        "Through this node a container that may use devices reads and writes the host's disks or its "
        "memory, past every permission."
    ),
    alternatives="A root file system that was made for a whole machine.",
    remediation="Remove it, and ask why it is there.",
    attack=("T1611", "T1006"),
)
CLIMBS = Statement(
    rule_id="archive/name-climbs-out",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A member's name climbs out of the layer",
    explanation=(
        "Unpacked by a careless tool, this member is written outside of its folder, over files of the "
        "machine that unpacks."
    ),
    alternatives="Data of a test for exactly this.",
    remediation="Do not unpack the layer with general tools.",
    attack=("T1611",),
)
THROUGH_LINK = Statement(
    rule_id="archive/written-through-link",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A member is written through a link of the same layer",
    explanation=(
        "The layer first makes a link and then writes to a name below it, so that the file ends up where "
        "the link leads. Tools that list names do not see where it is, and careless ones write outside of "
        "their folder."
    ),
    alternatives="A tool that packs over merged folders (/bin leading to /usr/bin).",
    remediation="Look at the file where it ends up.",
    attack=("T1036", "T1611"),
)
LINK_OUT = Statement(
    rule_id="archive/link-climbs-out",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    title="A link climbs above the root",
    explanation=(
        "The link goes up more folders than there are. In a container it ends at the root; a careless tool "
        "follows it out."
    ),
    alternatives="A generated relative link.",
    remediation="None is needed where the image is only run.",
)
HOST_LINK = Statement(
    rule_id="escape/link-to-host",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A link leads to another process's root or to the kernel's settings",
    explanation="Tools that follow this link from the host, or with privileges, leave the container.",
    alternatives="A helper of a container tool.",
    remediation="Remove it unless its purpose is known.",
    attack=("T1611",),
)
DUPLICATE = Statement(
    rule_id="archive/duplicate-member",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A layer carries one path twice with different content",
    explanation=(
        "The last member counts when the layer is unpacked; tools that look at the first see another file."
    ),
    alternatives="An archive that was appended to.",
    remediation="Look at both versions.",
    attack=("T1036",),
)

_STANDARD = {
    "null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
    "kmsg": (1, 11), "tty": (5, 0), "console": (5, 1), "ptmx": (5, 2), "tty0": (4, 0),
    "tty1": (4, 1), "fuse": (10, 229), "tun": (10, 200),
}  # fmt: skip
_MEMORY = frozenset({(1, 1), (1, 2), (1, 4), (10, 232), (10, 144)})
"""mem, kmem, port, kvm, nvram (Linux `Documentation/admin-guide/devices.txt`)."""
_HOST_TARGETS = (
    "/proc/1/",
    "/proc/sys/kernel/core_pattern",
    "/proc/self/cwd/..",
    "/proc/self/root",
    "/proc/sysrq-trigger",
)
_MOST_OF_A_KIND = 100
_EVERYDAY = frozenset({"bin", "sbin", "lib", "lib32", "lib64", "libx32", "run", "lock", "tmp", "mail"})


class UnsafeMembers(Detector):
    """Judges entries by themselves; what a layer does to others is told elsewhere."""

    id = "unsafe_members"
    needs = Needs.LAYERS
    statements = (DEVICE, RAW_DEVICE, CLIMBS, THROUGH_LINK, LINK_OUT, HOST_LINK, DUPLICATE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a member and kind; at most a hundred of a kind in a layer, and then one that counts."""
        told: dict[tuple[int, str], int] = {}
        for version in scene.files:
            if _is_plain(version):
                continue
            for said, severity, text in _judge(scene, version):
                count = told[version.layer, said.rule_id] = told.get((version.layer, said.rule_id), 0) + 1
                if count <= _MOST_OF_A_KIND:
                    yield about_file(scene, said, version, [note(text)], Circumstances(severity=severity))
        for layer in scene.view.image_layers:
            yield from _climbing(scene, layer)
        by_id = {said.rule_id: said for said in self.statements}
        for layer_index, rule_id in sorted(told):
            left = told[layer_index, rule_id] - _MOST_OF_A_KIND
            if left > 0:
                case = Circumstances(detail=f"{left} more members", distinct="rest")
                yield about_layer(
                    scene, by_id[rule_id], layer_index, [note(f"{left} more are not listed")], case
                )


def _is_plain(version: FileVersion) -> bool:
    """Whether there is nothing about a member that could be unsafe: nearly all are like this."""
    return (
        version.entry.kind in (FileKind.REGULAR, FileKind.DIRECTORY)
        and version.changed_by_layer != version.layer
        and version.path == version.entry.path
    )


def _judge(scene: Scene, version: FileVersion) -> Iterator[tuple[Statement, Severity | None, str]]:
    entry = version.entry
    if entry.kind in (FileKind.CHAR_DEVICE, FileKind.BLOCK_DEVICE):
        yield from _device(version)
    if entry.kind is FileKind.SYMLINK:
        yield from _link(entry)
    if version.path != entry.path:
        yield from _through_link(scene, version)
    if version.changed_by_layer == version.layer:
        yield from _duplicate(scene, version)


def _duplicate(scene: Scene, version: FileVersion) -> Iterator[tuple[Statement, Severity | None, str]]:
    """Two members of one path; folders that are repeated say nothing."""
    first, last = version.entry, scene.view.visible(version.path, version.layer)
    if last is None:
        if first.kind is not FileKind.DIRECTORY:
            yield DUPLICATE, None, f"{_placed(first)} is gone again in the same layer"
        return
    second = last.entry
    if first.kind is second.kind is FileKind.DIRECTORY:
        return
    linked = first.link == second.link and first.device == second.device
    same = version.sha256 == last.sha256 and (bool(version.sha256) or (first.kind is second.kind and linked))
    text = f"{_placed(first)} is replaced in the same layer by {_placed(second)}"
    yield DUPLICATE, Severity.INFO if same else None, text


def _placed(entry: Entry) -> str:
    return f"a {entry.kind} of {entry.size:,} bytes at {entry.header_offset:#x}"


def _device(version: FileVersion) -> Iterator[tuple[Statement, Severity | None, str]]:
    entry = version.entry
    numbers = entry.device or (0, 0)
    text = f"{entry.kind} {numbers[0]}:{numbers[1]}, mode {entry.mode:04o}"
    if entry.kind is FileKind.CHAR_DEVICE:
        if numbers == (0, 0):
            yield DEVICE, Severity.LOW, f"{text}: overlayfs marks deleted files like this"
            return
        standard = _STANDARD.get(basename(version.path)) == numbers or numbers[0] in (4, 5, 136)
        if standard and version.path.startswith("/dev/"):
            return
    if entry.kind is FileKind.BLOCK_DEVICE or numbers in _MEMORY:
        yield RAW_DEVICE, None, text
    else:
        yield DEVICE, None, text


def _link(entry: Entry) -> Iterator[tuple[Statement, Severity | None, str]]:
    target = entry.link
    text = f"leads to {printable(target[:512])}"
    if target.startswith(_HOST_TARGETS):
        yield HOST_LINK, None, text
    elif not target.startswith("/") and target.startswith("../"):
        depth = entry.path.count("/") - 1
        climbed = 0
        for component in target.split("/")[:4096]:
            depth += 0 if component in ("", ".") else -1 if component == ".." else 1
            climbed = min(climbed, depth)
        if climbed < -1:
            yield LINK_OUT, None, text


def _through_link(scene: Scene, version: FileVersion) -> Iterator[tuple[Statement, Severity | None, str]]:
    entry = version.entry
    link = next((one for one in _parents(entry.path) if _is_link(scene, one, version.layer)), "")
    if basename(link) in _EVERYDAY:
        return
    outside = version.path.startswith(("/etc/", "/root/", "/usr/", "/bin/", "/sbin/", "/lib"))
    severity = THROUGH_LINK.severity if outside else Severity.LOW
    yield THROUGH_LINK, severity, f"the archive names it {printable(entry.path)}"


def _parents(path: str) -> Iterator[str]:
    at = path.find("/", 1)
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _is_link(scene: Scene, path: str, layer: int) -> bool:
    return any(one.layer == layer and one.entry.kind is FileKind.SYMLINK for one in scene.view.versions(path))


def _climbing(scene: Scene, layer: LayerIndex) -> Iterator[Finding]:
    """Names with `..`: one finding a layer, since the view shows the members at their cleaned names."""
    names = [
        entry.raw_name
        for entry in layer.entries
        if entry.raw_name and ".." in entry.raw_name and ".." in entry.raw_name.split("/")
    ]
    if names:
        evidence = [note(f"{printable(name[:512])}") for name in names[:64]]
        yield about_layer(scene, CLIMBS, layer.index, evidence, Circumstances(detail=f"{len(names)} names"))


DETECTOR = UnsafeMembers()
