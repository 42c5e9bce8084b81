"""An image acquired from a real registry needs no registry any more."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from forensics.access import Access
from forensics.acquisition import acquire
from forensics.cancellation import Cancellation
from forensics.model.acquisition import Acquisition
from forensics.pipeline import Options, Session
from forensics.reports import reports
from forensics.sources import open_image
from forensics.spool import Spool
from tests.image_archives import OCI_MANIFEST, OciBlobs, as_json, config_of, digest
from tests.layered_images import layer_tar
from tests.registry_server import Registry, certificates, registry

__all__ = ["certificates", "registry"]

AMD, ARM = layer_tar({"/etc/motd": "amd64\n"}), layer_tar({"/etc/motd": "arm64\n"})
KEEP = "--preserve-digests"
SBOM = as_json({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []})


@pytest.fixture(scope="module")
def pushed(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Names of an image with an SBOM attached by tag, and of one for two platforms."""
    folder = tmp_path_factory.mktemp("layouts")
    single = OciBlobs()
    alone = single.image([AMD], annotations={"org.opencontainers.image.ref.name": "1"})
    registry.push(f"oci:{single.write(folder / 'single', [alone])}", "acquired/single:1", KEEP)
    several = OciBlobs()
    amd = several.image([AMD], platform={"os": "linux", "architecture": "amd64"})
    arm_config = config_of([ARM], architecture="arm64")
    arm = several.image([ARM], arm_config, platform={"os": "linux", "architecture": "arm64"})
    top = several.index([amd, arm])
    registry.push(f"oci:{several.write(folder / 'several', [top])}", "acquired/several:1", "--all")
    signature = OciBlobs()
    artifact = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": signature.add(b"{}", "application/vnd.oci.image.config.v1+json"),
        "layers": [signature.add(SBOM, "application/vnd.cyclonedx+json")],
    }
    attached = signature.add(as_json(artifact), OCI_MANIFEST)
    name = f"acquired/single:{alone['digest'].replace(':', '-')}.sbom"
    registry.push(f"oci:{signature.write(folder / 'signature', [attached])}", name, KEEP)
    return {"single": "acquired/single:1", "several": "acquired/several:1"}


def report(reference: str, access: Access, **choice: str) -> str:
    with Session(reference, Options(jobs=1, access=access, **choice)) as session:  # type: ignore[arg-type]
        found = session.analyze()
    replace = msgspec.structs.replace
    image, tool = replace(found.image, source=""), replace(found.tool, started="")
    return reports()["json"].render(replace(found, timings={}, tool=tool, image=image))


def written(reference: str, access: Access, target: Path, **choice: str) -> Acquisition:
    with Spool() as spool, open_image(reference, spool=spool, access=access, **choice) as opened:  # type: ignore[arg-type]
        return acquire(opened, target, cancel=Cancellation()).record


@pytest.mark.service
@pytest.mark.parametrize("target", ["acquired", "acquired.tar"])
@pytest.mark.parametrize(
    ("name", "choice"), [("single", {}), ("several", {"platform": "linux/arm64"})], ids=["single", "several"]
)
def test_it_gives_the_report_of_the_image_in_the_registry(
    registry: Registry,
    pushed: dict[str, str],
    tmp_path: Path,
    name: str,
    choice: dict[str, str],
    target: str,
) -> None:
    reference = f"registry:{registry.host}/{pushed[name]}"
    access = registry.access(tmp_path)
    direct = report(reference, access, **choice)
    record = written(reference, access, tmp_path / target, **choice)
    assert record.source == "registry"
    assert record.archive == ""
    assert report(str(tmp_path / target), Access(offline=True)) == direct


@pytest.mark.service
def test_it_holds_what_the_registry_sent_and_what_is_attached(
    registry: Registry, pushed: dict[str, str], tmp_path: Path, tool: Callable[[str], str]
) -> None:
    layout = tmp_path / "layout"
    record = written(f"registry:{registry.host}/{pushed['single']}", registry.access(tmp_path), layout)
    assert all(content.verified for content in record.contents)
    for content in record.contents:
        kept = (layout / "blobs" / content.digest.replace(":", "/")).read_bytes()
        assert kept == registry.blob_path(content.digest).read_bytes()
    roles = {content.digest: content.role for content in record.contents}
    assert roles[digest(AMD)] == "layer"
    assert roles[digest(SBOM)] == "referrer"
    inspected = subprocess.run(
        [tool("skopeo"), "inspect", f"oci:{layout}:1"], capture_output=True, check=True, timeout=60
    )
    assert json.loads(inspected.stdout)["Layers"] == [digest(AMD)]
    stat = [tool("umoci"), "stat", "--json", "--image", f"{layout}:1"]
    assert subprocess.run(stat, capture_output=True, timeout=60).returncode == 0
