"""Images of a real registry: with TLS and passwords, broken, restarted, and with what is attached to them."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.widgets import Input

from forensics.access import Access
from forensics.cancellation import Cancellation
from forensics.cli.main import main
from forensics.errors import Cancelled, ChoiceNeeded, ImageNotOpened, UsageError
from forensics.pipeline import Options, Session
from forensics.registry import Denied, NotThere, RegistryError
from forensics.reports import reports
from forensics.sources import OpenImage, open_image
from forensics.spool import Spool
from forensics.tui.app import ForensicsApp
from forensics.tui.screens.analysis import AnalysisScreen
from tests.image_archives import OCI_INDEX, OCI_MANIFEST, OciBlobs, as_json, config_of, digest, tar_of
from tests.registry_double import Asked, Double, Reply, double
from tests.registry_server import (
    PASSWORD,
    USER,
    Certificates,
    Gate,
    Registry,
    access_to,
    certificates,
    registry,
)

__all__ = ["certificates", "registry"]
pytestmark = pytest.mark.service

CORPUS_IMAGE = "dive__test-docker-image.tar"
KEEP = "--preserve-digests"
LARGE = random.Random(7).randbytes(3 << 20)
SBOM = as_json({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []})


def layer(path: str, content: bytes = b"content\n") -> bytes:
    return tar_of([(path, content)])


def layout(blobs: OciBlobs, folder: Path, *manifests: dict[str, Any]) -> str:
    """The layout in a folder, as skopeo names it."""
    return f"oci:{blobs.write(folder, manifests)}"


def artifact(blobs: OciBlobs, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    """A manifest of a document."""
    value = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": blobs.add(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [blobs.add(content, media_type)],
        **more,
    }
    return blobs.add(as_json(value), OCI_MANIFEST)


@pytest.fixture(scope="module")
def images(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What every test may pull: `app:v1`, `multi:v1` for two platforms, `large:v1`; with their digests."""
    folder = tmp_path_factory.mktemp("layouts")
    app = OciBlobs()
    one = app.image([layer("etc/motd"), layer("usr/bin/app")])
    multi = OciBlobs()
    amd = multi.image([layer("amd")], platform={"os": "linux", "architecture": "amd64"})
    arm_config = config_of([layer("arm")], architecture="arm64")
    arm = multi.image([layer("arm")], arm_config, platform={"os": "linux", "architecture": "arm64"})
    statement = artifact(
        multi, as_json({"predicateType": "https://spdx.dev/Document"}), "application/vnd.in-toto+json"
    )
    attestation = {
        **statement,
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": amd["digest"],
        },
    }
    top = multi.index([amd, arm, attestation])
    large = OciBlobs()
    big = large.image([layer("data", LARGE)])
    registry.push(layout(app, folder / "app", one), "team/app:v1", KEEP)
    registry.push(layout(multi, folder / "multi", top), "team/multi:v1", KEEP, "--all")
    registry.push(layout(large, folder / "large", big), "team/large:v1", KEEP)
    return {"app": one, "multi": top, "amd": amd, "arm": arm, "large": big, "folder": folder}


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that nothing was pulled into."""
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def access(registry: Registry, tmp_path: Path, own_store: Path) -> Access:
    return registry.access(tmp_path)


@contextmanager
def pulled(reference: str, access: Access, **more: Any) -> Iterator[OpenImage]:
    with Spool() as spool, open_image(reference, spool=spool, access=access, **more) as opened:
        yield opened


def codes(opened: OpenImage) -> list[str]:
    return [issue.code for issue in opened.image.issues]


# -- names, platforms, credentials ---------------------------------------------------------------------------


def test_pull_by_tag_and_by_digest(registry: Registry, images: dict[str, Any], access: Access) -> None:
    name, wanted = f"registry:{registry.host}/team/app", images["app"]["digest"]
    found = {}
    for suffix in (":v1", f"@{wanted}", f":any@{wanted}"):
        with pulled(name + suffix, access) as opened:
            image, record = opened.image, opened.acquisition
            assert image.manifest_digest == wanted
            assert [part.blob.size for part in image.layers if part.blob] == [10240, 10240]
            assert image.issues == ()
            assert record is not None
            assert record.resolved == f"{registry.host}/team/app@{wanted}"
            assert all(content.verified for content in record.contents)
            assert [content.role for content in record.contents] == ["manifest", "config", "layer", "layer"]
            found[suffix] = image.tags
    assert found == {":v1": ("v1",), f"@{wanted}": (), f":any@{wanted}": ("any",)}
    with pulled(name.replace("registry:", "docker://") + ":v1", access) as opened:
        assert opened.image.manifest_digest == wanted


def test_platforms_are_listed_from_the_index_and_one_is_fetched(
    registry: Registry, images: dict[str, Any], access: Access
) -> None:
    reference = f"registry:{registry.host}/team/multi:v1"
    with Spool() as spool, pytest.raises(ChoiceNeeded) as raised:
        open_image(reference, spool=spool, access=access)
    assert [line.split()[2] for line in raised.value.choices] == ["linux/amd64", "linux/arm64"]
    with pulled(reference, access, platform="linux/arm64") as opened:
        assert opened.image.manifest_digest == images["arm"]["digest"]
        assert str(opened.image.platform) == "linux/arm64"
        assert opened.image.attachments == ()
        assert opened.acquisition is not None
        fetched = {content.digest for content in opened.acquisition.contents}
        assert images["amd"]["digest"] not in fetched
    with pulled(reference, access, image=0) as opened:
        assert [one.media_type for one in opened.image.attachments] == ["application/vnd.in-toto+json"]
        assert opened.image.issues[0].code == "platform-absent"
    with Spool() as spool, pytest.raises(UsageError, match="windows/amd64"):
        open_image(reference, spool=spool, access=access, platform="windows/amd64")


def test_a_digest_that_the_registry_does_not_have(
    registry: Registry, images: dict[str, Any], access: Access
) -> None:
    with Spool() as spool, pytest.raises(NotThere):
        open_image(f"registry:{registry.host}/team/app:v1@sha256:{'0' * 64}", spool=spool, access=access)


@pytest.mark.parametrize("name", ["team/nobody:v1", "team/app:nothing", "alone:latest"])
def test_unknown_names(registry: Registry, images: dict[str, Any], access: Access, name: str) -> None:
    with Spool() as spool, pytest.raises(NotThere) as raised:
        open_image(f"registry:{registry.host}/{name}", spool=spool, access=access)
    assert name in raised.value.message
    assert raised.value.exit_code == 3


def test_a_wrong_password_and_none(
    registry: Registry, images: dict[str, Any], access: Access, tmp_path: Path
) -> None:
    reference = f"registry:{registry.host}/team/app:v1"
    wrong = registry.access(tmp_path, password="wrong")
    with Spool() as spool, pytest.raises(Denied, match="does not accept the credentials"):
        open_image(reference, spool=spool, access=wrong)
    with Spool() as spool, pytest.raises(Denied, match="there are none for it") as raised:
        open_image(reference, spool=spool, access=registry.access(tmp_path, "another.example"))
    assert "docker login" in raised.value.hint


def test_tls_that_is_not_trusted_and_none(registry: Registry, images: dict[str, Any], access: Access) -> None:
    reference = f"registry:{registry.host}/team/app:v1"
    with Spool() as spool, pytest.raises(RegistryError, match="is not trusted") as raised:
        open_image(reference, spool=spool, access=replace(access, ca_file=None))
    assert "--ca-file" in raised.value.hint
    with Spool() as spool, pytest.raises(RegistryError):
        open_image(reference, spool=spool, access=replace(access, plain_http=True))


def test_a_client_certificate_is_shown_to_the_registry(
    certificates: Certificates, images: dict[str, Any], tmp_path: Path, own_store: Path
) -> None:
    blobs = OciBlobs()
    with double(certificates.server_context(asks_for_certificate=True)) as server:
        server.take(blobs, v1=blobs.image([layer("x")]))
        reference = f"registry:{server.host}/a:v1"
        without = Access(ca_file=certificates.ca)
        with Spool() as spool, pytest.raises(RegistryError, match=r"client certificate|broke|ended"):
            open_image(reference, spool=spool, access=without)
        shown = replace(without, client_cert=certificates.client, client_key=certificates.client_key)
        with pulled(reference, shown) as opened:
            assert opened.image.issues == ()


def test_offline_opens_what_was_pulled_and_nothing_else(
    registry: Registry, images: dict[str, Any], access: Access
) -> None:
    name, alone = f"registry:{registry.host}/team/multi", replace(access, offline=True, authfile=None)
    by_digest = f"{name}@{images['multi']['digest']}"
    with Spool() as spool, pytest.raises(ImageNotOpened, match="not in the store"):
        open_image(by_digest, spool=spool, access=alone)
    with pulled(by_digest, access, platform="linux/amd64") as opened:
        direct = opened.image
    with pulled(by_digest, alone) as opened:
        blank = {"layers": (), "attachments": ()}
        assert msgspec.structs.replace(opened.image, **blank) == msgspec.structs.replace(direct, **blank)
        assert all(part.blob for part in opened.image.layers)
        assert len(opened.image.attachments) == 1
        assert opened.acquisition is not None
        assert "no network was used" in opened.acquisition.notes[-1]
    with Spool() as spool, pytest.raises(ImageNotOpened, match="--offline") as raised:
        open_image(f"{name}:v1", spool=spool, access=alone)
    assert "@sha256:" in raised.value.hint


def test_the_command_line_tells_what_a_pull_met(
    registry: Registry, images: dict[str, Any], access: Access, capfd: pytest.CaptureFixture[str]
) -> None:
    reference = f"registry:{registry.host}/team/app@{images['app']['digest']}"
    known = ["--authfile", str(access.authfile), "--ca-file", str(access.ca_file)]
    assert main(["layers", reference, *known]) == 0
    assert main(["scan", "--jobs", "1", "--offline", reference]) == 0
    assert "no network was used" in capfd.readouterr().err
    assert main(["layers", reference.replace("team/app", "team/no"), *known]) == 3
    told = capfd.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in told] == ["error", "hint"]


async def test_the_interface_opens_an_image_of_a_registry(
    registry: Registry, images: dict[str, Any], access: Access
) -> None:
    app = ForensicsApp(None, Options(jobs=1, access=access), None)
    reference = f"registry:{registry.host}/team/app:v1"
    async with app.run_test() as pilot:
        app.screen.query_one("#reference", Input).value = reference
        await pilot.press("enter")
        for _ in range(300):
            await pilot.pause(0.1)
            if isinstance(app.screen, AnalysisScreen):
                break
        assert isinstance(app.screen, AnalysisScreen)
        assert app.screen.store.reference == reference
        app.close_worker()


def test_an_artifact_is_no_image(
    registry: Registry, images: dict[str, Any], access: Access, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    chart = artifact(
        blobs, b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip", artifactType="a/b"
    )
    registry.push(layout(blobs, tmp_path / "chart", chart), "team/chart:v1", KEEP)
    with Spool() as spool, pytest.raises(ImageNotOpened, match="an artifact of the type a/b"):
        open_image(f"registry:{registry.host}/team/chart:v1", spool=spool, access=access)


# -- reports -------------------------------------------------------------------------------------------------


def report_of(reference: str, access: Access) -> str:
    with Session(reference, Options(jobs=1, access=access)) as session:
        found = session.analyze()
    image = msgspec.structs.replace(found.image, source="", reference="")
    tool = msgspec.structs.replace(found.tool, started="")
    return reports()["json"].render(msgspec.structs.replace(found, timings={}, tool=tool, image=image))


def test_the_report_is_that_of_the_layout_that_skopeo_makes(
    registry: Registry, access: Access, corpus: Path, tool: Callable[[str], str], tmp_path: Path
) -> None:
    registry.push(f"docker-archive:{corpus / 'images' / CORPUS_IMAGE}", "corpus/dive:v1", "-f", "oci")
    trust = ["--src-cert-dir", str(registry.trust), "--src-creds", f"{USER}:{PASSWORD}"]
    source, target = f"docker://{registry.host}/corpus/dive:v1", tmp_path / "layout"
    command = [tool("skopeo"), "--insecure-policy", "copy", "-q", *trust, source, f"oci:{target}:v1"]
    subprocess.run(command, check=True, timeout=120)
    assert report_of(f"registry:{registry.host}/corpus/dive:v1", access) == report_of(
        f"oci-dir:{target}", access
    )


# -- what is damaged, and what breaks off --------------------------------------------------------------------


def test_a_blob_that_is_corrupt_on_the_disk_of_the_registry(
    registry: Registry, access: Access, tmp_path: Path, own_store: Path
) -> None:
    blobs = OciBlobs()
    bad, good = layer("usr/bin/corrupt"), layer("usr/bin/good")
    registry.push(layout(blobs, tmp_path / "layout", blobs.image([good, bad])), "team/corrupt:v1", KEEP)
    path = registry.blob_path(digest(bad))
    content = bytearray(path.read_bytes())
    content[600] ^= 1
    path.write_bytes(content)
    with pulled(f"registry:{registry.host}/team/corrupt:v1", access) as opened:
        assert [part.blob is not None for part in opened.image.layers] == [True, False]
        issues = {issue.code: issue for issue in opened.image.issues}
        assert issues.keys() == {"digest-mismatch", "layer-absent"}
        assert digest(bytes(content)) in issues["digest-mismatch"].message
        assert issues["layer-absent"].lost_bytes == len(bad)
        assert opened.acquisition is not None
        assert [one.digest for one in opened.acquisition.not_acquired] == [digest(bad)]
    assert not list(own_store.rglob(f"*{digest(bad)[7:]}*"))
    path.write_bytes(bad[:-512])
    with pulled(f"registry:{registry.host}/team/corrupt:v1", access) as opened:
        assert "layer-absent" in codes(opened)
        assert "bytes for" in opened.image.issues[0].message
    path.write_bytes(bad)
    with pulled(f"registry:{registry.host}/team/corrupt:v1", access) as opened:
        assert opened.image.issues == ()


@pytest.fixture
def gate(registry: Registry) -> Iterator[Gate]:
    gate = Gate(registry.port)
    yield gate
    gate.close()


def test_the_server_is_killed_half_way_and_started_again(
    registry: Registry, images: dict[str, Any], gate: Gate, tmp_path: Path, own_store: Path
) -> None:
    reference = f"registry:{gate.host}/team/large:v1"
    access = registry.access(tmp_path, gate.host)
    gate.close_after(1 << 20)

    def restart() -> None:
        assert gate.reached.wait(30)
        registry.kill()
        gate.cut()
        registry.start()
        gate.open()

    helper = threading.Thread(target=restart)
    helper.start()
    seen: list[tuple[int, int]] = []
    with pulled(reference, access, on_progress=lambda done, total: seen.append((done, total))) as opened:
        helper.join(30)
        assert opened.image.issues == ()
        assert opened.image.manifest_digest == images["large"]["digest"]
        assert opened.acquisition is not None
        (note,) = opened.acquisition.notes
        size = opened.image.layers[0].blob.size  # type: ignore[union-attr]
    assert (
        note
        == f"layer 0 was resumed: the connection broke 1 time, {size:,} bytes were fetched, 0 of them again"
    )
    assert seen[-1][0] == seen[-1][1] > size
    assert any(0 < done < total for done, total in seen)


def test_what_an_interrupted_pull_left_is_taken_up_by_the_next(
    registry: Registry, images: dict[str, Any], gate: Gate, tmp_path: Path, own_store: Path
) -> None:
    reference = f"registry:{gate.host}/team/large:v1"
    access = registry.access(tmp_path, gate.host)
    gate.close_after(1 << 20)
    cancel = Cancellation()
    stopped: list[float] = []

    def stop() -> None:
        assert gate.reached.wait(30)
        stopped.append(time.monotonic())
        cancel.cancel()

    threading.Thread(target=stop).start()
    with Spool() as spool, pytest.raises(Cancelled):
        open_image(reference, spool=spool, access=access, cancel=cancel)
    assert time.monotonic() - stopped[0] < 3
    gate.cut()
    gate.open()
    (partial,) = (own_store / "partial").iterdir()
    kept = partial.stat().st_size
    assert 0 < kept < 1 << 20
    with pulled(reference, access) as opened:
        assert opened.image.issues == ()
        assert opened.acquisition is not None
        note, held = opened.acquisition.notes
        assert "came from the store" in held
        size = opened.image.layers[0].blob.size  # type: ignore[union-attr]
    assert note == (
        f"layer 0 was resumed: {kept:,} bytes of it were there from an earlier attempt, "
        f"{size - kept:,} bytes were fetched, 0 of them again"
    )


def test_an_interrupt_ends_the_command_at_once(
    registry: Registry, images: dict[str, Any], gate: Gate, tmp_path: Path, own_store: Path
) -> None:
    access = registry.access(tmp_path, gate.host)
    gate.close_after(1 << 20)
    known = ["--authfile", str(access.authfile), "--ca-file", str(access.ca_file)]
    program = [sys.executable, "-c", "import sys; from forensics.cli.main import main; sys.exit(main())"]
    command = [*program, "layers", f"registry:{gate.host}/team/large:v1", *known]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert gate.reached.wait(60)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=10)[1].splitlines() == [b"interrupted"]
    assert running.returncode == 130
    assert [path.stat().st_size > 0 for path in (own_store / "partial").iterdir()] == [True]


def test_what_is_in_the_store_is_not_fetched_again(
    registry: Registry, images: dict[str, Any], gate: Gate, tmp_path: Path, own_store: Path
) -> None:
    access = registry.access(tmp_path, gate.host)
    reference = f"registry:{gate.host}/team/large:v1"
    with pulled(reference, access):
        pass
    gate.close_after(100_000)
    with pulled(reference, access) as opened:
        assert opened.image.issues == ()
        assert not gate.reached.is_set()


# -- redirects and waiting, over TLS -------------------------------------------------------------------------


def test_a_redirect_to_another_host_gets_no_authorization(
    certificates: Certificates, images: dict[str, Any], tmp_path: Path, own_store: Path
) -> None:
    blobs = OciBlobs()
    with double(certificates.server_context()) as front, double(certificates.server_context()) as behind:
        front.take(blobs, v1=blobs.image([layer("x")]))
        behind.blobs = front.blobs

        def rule(asked: Asked) -> Reply | None:
            if "Authorization" not in asked.headers:
                return Reply(401, {"WWW-Authenticate": 'Basic realm="front"'})
            if "/blobs/" in asked.path:
                return Reply(307, {"Location": f"https://localhost:{behind.port}{asked.path}"})
            return None

        front.rules.append(rule)
        hosts = (front.host, behind.host, f"localhost:{behind.port}")
        with pulled(f"registry:{front.host}/a:v1", access_to(tmp_path, *hosts, ca=certificates.ca)) as opened:
            assert opened.image.issues == ()
        assert len(behind.paths("/blobs/")) == 2
        assert all("authorization" not in map(str.lower, asked.headers) for asked in behind.asked)
        assert any("Authorization" in asked.headers for asked in front.asked)


def test_a_redirect_away_from_tls_is_refused(
    certificates: Certificates, images: dict[str, Any], tmp_path: Path, own_store: Path
) -> None:
    blobs = OciBlobs()
    with double(certificates.server_context()) as front, double() as behind:
        front.take(blobs, v1=blobs.image([layer("x")]))
        front.rules.append(
            lambda asked: (
                Reply(307, {"Location": f"http://{behind.host}{asked.path}"})
                if "/blobs/" in asked.path
                else None
            )
        )
        with Spool() as spool, pytest.raises(RegistryError, match="without TLS"):
            open_image(f"registry:{front.host}/a:v1", spool=spool, access=Access(ca_file=certificates.ca))
        assert behind.asked == []


# -- what is attached ----------------------------------------------------------------------------------------


def tag_of(descriptor: dict[str, Any], ending: str = "") -> str:
    return descriptor["digest"].replace(":", "-") + ending


def attached(opened: OpenImage) -> list[str]:
    return sorted(one.media_type for one in opened.image.attachments)


def test_an_sbom_and_a_signature_by_the_tags_of_cosign(
    registry: Registry, images: dict[str, Any], access: Access, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    image = blobs.image([layer("signed")])
    registry.push(layout(blobs, tmp_path / "image", image), "team/signed:v1", KEEP)
    config = {"config": blobs.add(config_of([]), "application/vnd.oci.image.config.v1+json")}
    documents = {
        ".sbom": artifact(blobs, SBOM, "application/vnd.cyclonedx+json", **config),
        ".sig": artifact(blobs, b"{}", "application/vnd.dev.cosign.simplesigning.v1+json", **config),
        ".att": artifact(blobs, b"{ }", "application/vnd.dsse.envelope.v1+json", **config),
    }
    for ending, document in documents.items():
        source = layout(blobs, tmp_path / ending, document)
        registry.push(source, f"team/signed:{tag_of(image, ending)}", KEEP)
    with pulled(f"registry:{registry.host}/team/signed:v1", access) as opened:
        assert attached(opened) == [
            "application/vnd.cyclonedx+json",
            "application/vnd.dev.cosign.simplesigning.v1+json",
            "application/vnd.dsse.envelope.v1+json",
        ]
        assert opened.image.issues == ()
        assert opened.image.tags == ("v1",)


def test_an_sbom_by_the_fallback_tag_of_referrers(
    registry: Registry, images: dict[str, Any], access: Access, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    image = blobs.image([layer("referred")])
    registry.push(layout(blobs, tmp_path / "image", image), "team/referred:v1", KEEP)
    document = artifact(
        blobs,
        SBOM,
        "application/vnd.cyclonedx+json",
        subject=image,
        artifactType="application/vnd.cyclonedx+json",
    )
    index = blobs.index([{**document, "artifactType": "application/vnd.cyclonedx+json"}])
    registry.push(layout(blobs, tmp_path / "document", document), "team/referred:document", KEEP)
    registry.put_manifest(f"team/referred:{tag_of(image)}", blobs.blobs[index["digest"]], OCI_INDEX)
    with pulled(f"registry:{registry.host}/team/referred:v1", access) as opened:
        assert attached(opened) == ["application/vnd.cyclonedx+json"]
        assert opened.image.issues == ()


def test_what_is_attached_to_the_index_comes_with_a_platform(
    registry: Registry, images: dict[str, Any], access: Access, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    config = {"config": blobs.add(config_of([]), "application/vnd.oci.image.config.v1+json")}
    signature = artifact(blobs, b"{}", "application/vnd.dev.cosign.simplesigning.v1+json", **config)
    name = f"team/multi:{tag_of(images['multi'], '.sig')}"
    registry.push(layout(blobs, tmp_path / "sig", signature), name, KEEP)
    with pulled(f"registry:{registry.host}/team/multi:v1", access, platform="linux/arm64") as opened:
        assert attached(opened) == ["application/vnd.dev.cosign.simplesigning.v1+json"]
    shutil.rmtree(registry.storage / "docker/registry/v2/repositories/team/multi/_manifests/tags" / name[11:])


def test_what_the_referrers_interface_lists(
    certificates: Certificates, images: dict[str, Any], tmp_path: Path, own_store: Path
) -> None:
    blobs = OciBlobs()
    image = blobs.image([layer("listed")])
    document = artifact(blobs, SBOM, "application/vnd.cyclonedx+json", subject=image)
    lost = {**document, "digest": f"sha256:{'1' * 64}", "artifactType": "x/y"}
    with double(certificates.server_context()) as server:
        server.take(blobs, v1=image)
        server.referrers = {image["digest"]: [{**document, "artifactType": "a/b"}, lost]}
        with pulled(f"registry:{server.host}/a:v1", Access(ca_file=certificates.ca)) as opened:
            assert attached(opened) == ["application/vnd.cyclonedx+json"]
            assert codes(opened) == ["not-acquired"]
            assert opened.acquisition is not None
            assert [one.digest for one in opened.acquisition.not_acquired] == [lost["digest"]]


def test_addresses_that_an_image_names_are_told_and_not_asked(
    registry: Registry, images: dict[str, Any], certificates: Certificates, tmp_path: Path, own_store: Path
) -> None:
    blobs = OciBlobs()
    with double() as elsewhere, double(certificates.server_context()) as server:
        foreign = {
            "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            "digest": digest(b"foreign"),
            "size": 7,
            "urls": [f"http://{elsewhere.host}/\x1b[2Jlayer"],
        }
        value = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": blobs.add(config_of([b"foreign"]), "application/vnd.oci.image.config.v1+json"),
            "layers": [foreign, blobs.add(layer("x"), "application/vnd.oci.image.layer.v1.tar")],
        }
        server.take(blobs, v1=blobs.add(as_json(value), OCI_MANIFEST))
        with pulled(f"registry:{server.host}/a:v1", Access(ca_file=certificates.ca)) as opened:
            assert {"not-acquired", "layer-absent"} <= set(codes(opened))
            assert opened.acquisition is not None
            (left,) = opened.acquisition.not_acquired
            assert elsewhere.host in left.reason
            assert left.reason.isprintable()
        assert elsewhere.asked == []


def test_hostile_indexes_end(certificates: Certificates, tmp_path: Path, own_store: Path) -> None:
    blobs = OciBlobs()
    entry: dict[str, Any] = blobs.image([layer("deep")], platform={"os": "linux", "architecture": "amd64"})
    for _ in range(20):
        entry = blobs.index([entry])
    many = blobs.index([{**entry, "digest": digest(b"%d" % n), "mediaType": OCI_INDEX} for n in range(50)])
    with double(certificates.server_context()) as server:
        server.take(blobs, deep=entry, many=many)
        for tag in ("deep", "many"):
            with Spool() as spool, pytest.raises(ImageNotOpened):
                open_image(
                    f"registry:{server.host}/a:{tag}", spool=spool, access=Access(ca_file=certificates.ca)
                )
    assert isinstance(server, Double)
