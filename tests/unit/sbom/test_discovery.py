"""Where SBOMs are found, and what they are allowed to speak of."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from forensics.limits import DEFAULT, Limits
from forensics.model.image import Attachment, Blob
from forensics.model.issues import Issue
from forensics.model.sbom import DeclaredSbom
from forensics.sbom import discover
from forensics.sbom._places import PLACES, Reach, place_of
from tests.layered_images import GONE, Content, Link, open_image_of

DEB = {"name": "bash", "type": "library", "purl": "pkg:deb/debian/bash@5"}
NPM = {"name": "left-pad", "type": "library", "purl": "pkg:npm/left-pad@1"}


def cyclonedx(*components: dict[str, Any], subject: str = "application") -> str:
    metadata = {"component": {"type": subject, "name": "it"}}
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": metadata, "components": list(components)}
    )


def spdx(*names: str, files: tuple[str, ...] = ()) -> str:
    packages = [{"name": name} for name in names]
    declared = [
        {"fileName": name, "checksums": [{"algorithm": "SHA1", "checksumValue": "ab" * 20}]} for name in files
    ]
    return json.dumps({"spdxVersion": "SPDX-2.3", "packages": packages, "files": declared})


def found_in(
    *layers: dict[str, Content], limits: Limits = DEFAULT
) -> tuple[tuple[DeclaredSbom, ...], tuple[Issue, ...]]:
    with open_image_of(*layers) as view:
        return discover(view, (), limits)


@pytest.mark.parametrize(
    ("path", "reach"),
    [
        ("/var/lib/db/sbom/musl-1.2.5-r0.spdx.json", Reach.DISTRIBUTION),
        ("/sbom.json", Reach.IMAGE),
        ("/bom.json", Reach.IMAGE),
        ("/sbom-linux-amd64.json", Reach.IMAGE),
        ("/image.cdx.json", Reach.IMAGE),
        ("/cyclonedx.json", Reach.IMAGE),
        ("/sbom.spdx.json", Reach.IMAGE),
        ("/usr/share/sbom/image.json", Reach.IMAGE),
        ("/usr/local/share/sbom/a/b.json", Reach.IMAGE),
        ("/usr/lib/sbom/x.spdx.json", Reach.IMAGE),
        ("/etc/sbom/x.json", Reach.IMAGE),
        ("/sbom/x.json", Reach.IMAGE),
        ("/opt/bitnami/nginx/.spdx-nginx.spdx", Reach.PRODUCT),
        ("/opt/bitnami/common/.spdx-render-template.spdx", Reach.PRODUCT),
        ("/layers/sbom/launch/paketo/jre/sbom.cdx.json", Reach.PRODUCT),
        ("/usr/lib/python3/site-packages/x-1.dist-info/sboms/auditwheel.cdx.json", Reach.PRODUCT),
        ("/app/bom.json", Reach.PRODUCT),
        ("/app/target/product.spdx.json", Reach.PRODUCT),
    ],
)
def test_the_places(path: str, reach: Reach) -> None:
    place = place_of(path)
    assert place is not None
    assert place.reach is reach


@pytest.mark.parametrize(
    "path",
    [
        "/app/package.json",
        "/usr/share/doc/sbom.txt",
        "/app/nosbom.json",
        "/x.spdx",
        "/etc/sbom.conf",
        "/sbom",
    ],
)
def test_other_files_are_no_candidates(path: str) -> None:
    assert place_of(path) is None


def test_every_place_has_a_reason() -> None:
    assert all(place.reason for place in PLACES)


def test_documents_of_a_distributions_packages() -> None:
    sboms, issues = found_in(
        {"/var/lib/db/sbom/a-1.spdx.json": spdx("a", files=("bin/a",))},
        {"/var/lib/db/sbom/b-1.spdx.json": spdx("b")},
    )
    assert [(sbom.origin, sbom.scope) for sbom in sboms] == [
        ("layer 0:/var/lib/db/sbom/a-1.spdx.json", "distribution"),
        ("layer 1:/var/lib/db/sbom/b-1.spdx.json", "distribution"),
    ]
    assert all(sbom.embedded and not sbom.files for sbom in sboms)
    assert issues == ()


@pytest.mark.parametrize(
    ("document", "scope"),
    [
        (cyclonedx(DEB), "image"),
        (cyclonedx(NPM), "package"),
        (cyclonedx(NPM, subject="container"), "image"),
        (cyclonedx(subject="operating-system"), "image"),
        (spdx("a"), "package"),
    ],
)
def test_a_document_in_a_general_place_speaks_of_the_image_if_it_says_so(document: str, scope: str) -> None:
    for path in ("/sbom.json", "/usr/share/sbom/sbom.json"):
        (sbom,), _ = found_in({path: document})
        assert (sbom.scope, sbom.embedded) == (scope, True)


def test_a_document_beside_a_product_never_speaks_of_the_image() -> None:
    (sbom,), _ = found_in({"/app/x.cdx.json": cyclonedx(DEB, subject="container")})
    assert sbom.scope == "package"


def test_a_document_beside_a_product_declares_no_files_elsewhere() -> None:
    files = ("opt/bitnami/nginx/sbin/nginx", "usr/bin/evil", "opt/bitnami/nginx-evil/x")
    (sbom,), issues = found_in({"/opt/bitnami/nginx/.spdx-nginx.spdx": spdx("nginx", files=files)})
    assert [file.path for file in sbom.files] == ["/opt/bitnami/nginx/sbin/nginx"]
    assert [(issue.code, issue.lost_bytes) for issue in issues] == [("outside-scope", 0)]
    assert issues[0].message.startswith("2 files")


def test_only_what_the_finished_image_shows_counts() -> None:
    sboms, _ = found_in(
        {"/sbom.json": cyclonedx(DEB), "/bom.json": cyclonedx(DEB)},
        {"/sbom.json": GONE, "/bom.json": cyclonedx(DEB, NPM)},
    )
    assert [(sbom.origin, len(sbom.components)) for sbom in sboms] == [("layer 1:/bom.json", 2)]


def test_a_broken_document_is_an_issue_where_the_name_is_certain_and_nothing_where_it_is_common() -> None:
    sboms, issues = found_in(
        {
            "/a.spdx.json": "{broken",
            "/opt/bitnami/x/.spdx-x.spdx": "SPDXVersion: SPDX-2.3\n",
            "/app/bom.json": '{"parts": []}',
            "/sbom.json": "[]",
            "/app/dir.cdx.json": Link("/nowhere"),
        }
    )
    assert sboms == ()
    assert [(issue.subject, issue.code, issue.lost_bytes) for issue in issues] == [
        ("layer 0:/a.spdx.json", "not-parsed", 7),
        ("layer 0:/opt/bitnami/x/.spdx-x.spdx", "not-parsed", 22),
    ]


def test_a_document_beyond_the_limit_is_an_issue() -> None:
    _, issues = found_in({"/sbom.json": cyclonedx(DEB)}, limits=Limits(sbom_bytes=10))
    assert [(issue.code, issue.lost_bytes) for issue in issues] == [("limit", len(cyclonedx(DEB)))]


def test_names_that_would_reach_a_terminal_are_made_printable() -> None:
    (sbom,), _ = found_in({"/app/\x1b[2J.cdx.json": cyclonedx(NPM)})
    assert sbom.origin == "layer 0:/app/\\x1b[2J.cdx.json"


STATEMENT = {
    "_type": "https://in-toto.io/Statement/v0.1",
    "subject": [{"digest": {"sha256": "cd" * 32}}],
    "predicateType": "https://spdx.dev/Document",
    "predicate": json.loads(spdx("a", files=("bin/a",))),
}
PROVENANCE = {**STATEMENT, "predicateType": "https://slsa.dev/provenance/v1", "predicate": {"builder": {}}}
IN_TOTO = "application/vnd.in-toto+json"


def attached(
    tmp_path: Path, document: object, media_type: str = IN_TOTO, predicate: str = "", limits: Limits = DEFAULT
) -> tuple[tuple[DeclaredSbom, ...], tuple[Issue, ...]]:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    with tempfile.TemporaryFile(dir=tmp_path) as stream, open_image_of({"/x": "x"}) as view:
        os.pwrite(stream.fileno(), b"before" + content + b"after", 0)
        blob = Blob(stream.fileno(), 6, len(content))
        attachment = Attachment(
            name="a", media_type=media_type, blob=blob, digest="sha256:ef", predicate_type=predicate
        )
        return discover(view, (attachment,), limits)


@pytest.mark.parametrize("predicate", ["", "https://spdx.dev/Document"])
def test_an_attestation_is_an_sbom_from_outside(tmp_path: Path, predicate: str) -> None:
    (sbom,), issues = attached(tmp_path, STATEMENT, predicate=predicate)
    assert (sbom.origin, sbom.scope, sbom.embedded) == ("attestation sha256:ef", "image", False)
    assert sbom.subject == "sha256:" + "cd" * 32
    assert [file.path for file in sbom.files] == ["/bin/a"]
    assert issues == ()


def test_an_attached_document_needs_no_wrapping(tmp_path: Path) -> None:
    (sbom,), _ = attached(tmp_path, json.loads(cyclonedx(DEB)), "application/vnd.cyclonedx+json")
    assert sbom.format == "cyclonedx"


@pytest.mark.parametrize(
    ("document", "media_type", "predicate"),
    [
        (PROVENANCE, IN_TOTO, ""),
        (PROVENANCE, IN_TOTO, "https://slsa.dev/provenance/v1"),
        (b"\x00signature", "application/vnd.dev.cosign.simplesigning.v1+json", ""),
    ],
)
def test_statements_about_something_else_are_nothing_to_speak_of(
    tmp_path: Path, document: object, media_type: str, predicate: str
) -> None:
    assert attached(tmp_path, document, media_type, predicate) == ((), ())


@pytest.mark.parametrize(
    ("document", "limits", "code"),
    [(b"{", DEFAULT, "not-parsed"), (STATEMENT, Limits(sbom_bytes=5), "limit")],
)
def test_an_attestation_that_cannot_be_read_is_an_issue(
    tmp_path: Path, document: object, limits: Limits, code: str
) -> None:
    sboms, issues = attached(tmp_path, document, predicate="https://spdx.dev/Document", limits=limits)
    assert sboms == ()
    assert [(issue.subject, issue.code) for issue in issues] == [("attestation sha256:ef", code)]
    assert issues[0].lost_bytes > 0
