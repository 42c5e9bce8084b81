"""What real engines hold opens like the archive they would save: a Docker daemon, and podman's service."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from forensics.access import Access
from forensics.cli.main import main
from forensics.errors import ChoiceNeeded, ImageNotOpened
from forensics.model.acquisition import Acquisition
from forensics.model.image import Image
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from forensics.reports import reports
from forensics.samples import build, recipe_of
from forensics.sources import open_image
from forensics.spool import Spool
from forensics.store import Store
from tests.engines import RunningEngine, docker_daemon, podman_service
from tests.image_archives import config_of, docker_save
from tests.layered_images import layer_tar

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]

BUSYBOX = "snyk-docker-plugin__docker-archives_skopeo-copy_busybox.tar"
LAYERED = "dive__test-docker-image.tar"
TRAINING = "kworker-miner"


@pytest.fixture(scope="session")
def certificates(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for DOCKER_CERT_PATH, the daemon's own key and certificate beside it."""
    folder = tmp_path_factory.mktemp("certificates")
    openssl = tool("openssl")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], check=True, capture_output=True, cwd=folder)

    run("req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=tests")
    for name, usage in (("server", "serverAuth"), ("client", "clientAuth")):
        (folder / "extensions").write_text(f"subjectAltName=IP:127.0.0.1\nextendedKeyUsage={usage}\n")
        run("req", *key, "-keyout", f"{name}-key.pem", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", "extensions"]
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing)
    shutil.copy(folder / "client.pem", folder / "cert.pem")
    shutil.copy(folder / "client-key.pem", folder / "key.pem")
    return folder


@pytest.fixture(scope="session")
def docker(tool: Callable[[str], str], certificates: Path) -> Iterator[RunningEngine]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = [
        f"--host=tcp://{address}",
        "--tlsverify",
        f"--tlscacert={certificates / 'ca.pem'}",
        f"--tlscert={certificates / 'server.pem'}",
        f"--tlskey={certificates / 'server-key.pem'}",
    ]
    with docker_daemon(tool("dockerd"), *options, tcp=f"tcp://{address}") as engine:
        yield engine


@pytest.fixture(scope="session")
def podman(tool: Callable[[str], str]) -> Iterator[RunningEngine]:
    with podman_service(tool("podman")) as engine:
        yield engine


@pytest.fixture(params=["docker", "podman"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> RunningEngine:
    """Each engine in turn, as DOCKER_HOST names it."""
    running: RunningEngine = request.getfixturevalue(request.param)
    monkeypatch.setenv("DOCKER_HOST", running.host)
    return running


@pytest.fixture
def daemon(docker: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> RunningEngine:
    monkeypatch.setenv("DOCKER_HOST", docker.host)
    return docker


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(recipe_of(TRAINING), tmp_path_factory.mktemp("training"))


def _report(reference: str) -> Report:
    with Session(reference, Options(cache=False)) as session:
        return session.analyze()


def _comparable(report: Report) -> str:
    """The report as JSON, without when, how and under which name it was made."""
    image = msgspec.structs.replace(report.image, source="", reference="")
    tool = msgspec.structs.replace(report.tool, started="")
    return reports()["json"].render(msgspec.structs.replace(report, image=image, tool=tool, timings={}))


def _image(reference: str, *, access: Access | None = None) -> Image:
    """The image as it is described; its bytes are closed again."""
    with Spool() as spool, open_image(reference, spool=spool, access=access or Access()) as opened:
        return opened.image


def _tiny(text: str, *names: str) -> bytes:
    """An image of one file; `text` makes it differ from all others."""
    return docker_save([layer_tar({"/etc/motd": text})], tags=names or None)


def _kept_as(engine: RunningEngine, archive: Path) -> str:
    """By what the engine knows an image that was loaded from the archive: its name, else its id."""
    with Spool() as spool, open_image(str(archive), spool=spool) as opened:
        name = next(iter(opened.image.tags), opened.image.config_digest)
    assert engine.identity(name) == opened.image.config_digest
    return name.removeprefix("docker.io/library/")


@pytest.mark.corpus
@pytest.mark.parametrize("which", [BUSYBOX, LAYERED, TRAINING])
def test_the_report_is_that_of_the_archive(
    engine: RunningEngine, which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if which == TRAINING:
        archive = request.getfixturevalue("training")
    else:
        archive = request.getfixturevalue("corpus") / "images" / which
    engine.load(archive.read_bytes())
    name = _kept_as(engine, archive)

    report = _report(f"docker:{name}")
    assert report.image.source == "docker_engine"
    assert report.image.reference == f"docker:{name}"
    assert report.coverage.examined_bytes == report.coverage.bytes > 0

    saved = _report(str(engine.save(name, tmp_path / "saved.tar")))
    assert saved.image.source == "docker_archive"
    assert _comparable(report) == _comparable(saved)

    loaded = _report(str(archive))
    assert [layer.diff_id for layer in report.image.layers] == [
        layer.diff_id for layer in loaded.image.layers
    ]
    assert report.image.config == loaded.image.config
    assert report.image.config_digest == loaded.image.config_digest
    assert report.files == loaded.files
    assert report.findings == loaded.findings
    assert report.packages == loaded.packages
    assert report.verdict == loaded.verdict


def test_the_bytes_lie_in_the_store_as_the_engine_sent_them(engine: RunningEngine, tmp_path: Path) -> None:
    engine.load(_tiny("kept", "kept:1"))
    _image("docker:kept:1")
    saved = hashlib.sha256(engine.save("kept:1", tmp_path / "saved.tar").read_bytes()).hexdigest()
    with Store(most_bytes=1 << 40) as store:
        assert store.find(f"sha256:{saved}") is not None
        (record,) = [
            image.acquisition for image in store.images() if image.acquisition.archive == f"sha256:{saved}"
        ]
    assert record.source == "docker_engine"
    assert record.reference == "docker:kept:1"
    assert record.resolved.endswith(f"kept:1@{engine.identity('kept:1')}")
    assert [(one.digest, one.role, one.verified) for one in record.contents] == [
        (f"sha256:{saved}", "archive", False)
    ]
    expected = "Podman Engine" if engine.name == "podman" else "Docker Engine"
    assert record.notes[0].startswith(f"sent by {expected} ")
    assert str(engine.path) in record.notes[0]


def test_names_and_ids_mean_the_same_image(engine: RunningEngine) -> None:
    engine.load(_tiny("named", "named:latest"))
    identity = engine.identity("named")
    known = [f"docker:{name}" for name in ("named", "named:latest", identity, identity[7:], identity[7:27])]
    for reference in [*known, f"docker:{identity[:25]}"]:
        image = _image(reference)
        assert image.config_digest == identity
        assert [tag.rpartition("/")[2] for tag in image.tags] == (
            ["named:latest"] if "named" in reference else []
        )


def test_a_digest_finds_the_image_that_was_pulled_by_it(
    podman: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", podman.host)
    podman.load(_tiny("by digest", "by-digest:1"))
    (digest,) = json.loads(podman.ask("GET", "/v1.41/images/by-digest:1/json"))["RepoDigests"]
    assert _image(f"docker:{digest}").config_digest == podman.identity("by-digest:1")
    with pytest.raises(ImageNotOpened, match="has no image"):
        _image(f"docker:{digest[:-6]}abcdef")


def test_a_name_without_a_tag_is_the_latest_and_nothing_more(engine: RunningEngine) -> None:
    engine.load(_tiny("of two tags", "two-tags:latest"))
    engine.load(_tiny("the other", "two-tags:old"))
    image = _image("docker:two-tags")
    assert [tag.rpartition("/")[2] for tag in image.tags] == ["two-tags:latest"]
    assert image.config_digest == engine.identity("two-tags:latest")


def test_a_repository_without_a_latest_is_a_choice(engine: RunningEngine) -> None:
    engine.load(_tiny("first", "numbered:1"))
    engine.load(_tiny("second", "numbered:2"))
    with pytest.raises(ChoiceNeeded) as raised:
        _image("docker:numbered")
    assert len(raised.value.choices) == 2
    assert {line.rpartition(":")[2] for line in raised.value.choices} == {"1", "2"}
    assert all(engine.identity(line.split()[0]) for line in raised.value.choices)


def test_a_short_id_of_several_images_is_a_choice(engine: RunningEngine) -> None:
    start = _load_alike(engine, 3)
    with pytest.raises(ChoiceNeeded, match=f"{start} may mean 2 images") as raised:
        _image(f"docker:{start}")
    assert all(line.startswith(start) for line in raised.value.choices)


def _load_alike(engine: RunningEngine, digits: int) -> str:
    """Load two images whose ids begin with the same digits, which are returned."""
    layer = layer_tar({"/etc/motd": "alike"})
    seen: dict[str, bytes] = {}
    for number in count():
        config = config_of([layer], author=f"{engine.name} {number}")
        start = hashlib.sha256(config).hexdigest()[:digits]
        if start in seen and not start.isdigit():
            for one in (seen[start], config):
                engine.load(docker_save([layer], config=one, tags=None))
            return start
        seen[start] = config
    raise AssertionError


def test_podman_says_when_a_name_is_that_of_several_registries(
    podman: RunningEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", podman.host)
    podman.load(_tiny("one", "one.invalid/rivals:1"))
    podman.load(_tiny("other", "other.invalid/rivals:1"))
    with pytest.raises(ChoiceNeeded) as raised:
        _image("docker:rivals:1")
    assert len(raised.value.choices) == 2
    assert _image("docker:other.invalid/rivals:1").config_digest == podman.identity("other.invalid/rivals:1")


def test_a_name_that_nobody_knows(engine: RunningEngine) -> None:
    engine.load(_tiny("other tag", "only-tagged:7"))
    with pytest.raises(ImageNotOpened) as raised:
        _image("docker:no-such-image:1")
    assert f"{engine.host} has no image no-such-image:1" in raised.value.message
    assert "registry:no-such-image:1" in raised.value.hint
    with pytest.raises(ImageNotOpened) as raised:
        _image("docker:only-tagged:8")
    assert "only-tagged:7" in raised.value.hint


@pytest.mark.parametrize(
    "name", ["Upper/Case", "a b", "x:y:z", "../containers/json", "a/../b", "\x1b[2J", "a//b"]
)
def test_what_is_no_name_is_told_in_one_printable_line(engine: RunningEngine, name: str) -> None:
    with pytest.raises(ImageNotOpened) as raised:
        _image(f"docker:{name}")
    assert "is no name of an image" in raised.value.message
    assert raised.value.message.isprintable()
    assert raised.value.hint


def test_a_layer_that_the_engine_lost_is_its_refusal(daemon: RunningEngine) -> None:
    before = set((daemon.folder / "data" / "vfs" / "dir").iterdir())
    daemon.load(_tiny("to be lost", "lost:1"))
    (layer,) = set((daemon.folder / "data" / "vfs" / "dir").iterdir()) - before
    shutil.rmtree(layer)
    with pytest.raises(ImageNotOpened) as raised:
        _image("docker:lost:1")
    assert "Docker Engine" in raised.value.message
    assert "\n" not in raised.value.message
    daemon.ask("DELETE", "/v1.41/images/lost:1")


def test_a_socket_is_no_network(daemon: RunningEngine) -> None:
    daemon.load(_tiny("offline", "offline:1"))
    assert _image("docker:offline:1", access=Access(offline=True)).config_digest == daemon.identity(
        "offline:1"
    )


def test_tls_is_as_docker_reads_it_from_the_environment(
    docker: RunningEngine, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.load(_tiny("tls", "tls:1"))
    monkeypatch.setenv("DOCKER_HOST", docker.tcp)
    with pytest.raises(ImageNotOpened, match="refuses: Client sent an HTTP request to an HTTPS server"):
        _image("docker:tls:1")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(certificates))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "client.pem"))
    assert _image("docker:tls:1").config_digest == docker.identity("tls:1")
    assert "TLS, the certificate was verified" in _record_of("docker:tls:1").notes[0]
    with pytest.raises(ImageNotOpened, match="which --offline refuses"):
        _image("docker:tls:1", access=Access(offline=True))
    monkeypatch.delenv("DOCKER_TLS_VERIFY")
    assert _image("docker:tls:1").config_digest == docker.identity("tls:1")
    assert "TLS, the certificate was not verified" in _record_of("docker:tls:1").notes[0]


def test_an_engine_that_cannot_be_trusted_is_refused(
    docker: RunningEngine, certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker.tcp)
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    with pytest.raises(ImageNotOpened, match="lacks files"):
        _image("docker:tls:1")
    for name in ("cert.pem", "key.pem"):
        shutil.copy(certificates / name, tmp_path / name)
    shutil.copy(certificates / "client.pem", tmp_path / "ca.pem")
    with pytest.raises(ImageNotOpened, match="no trusted connection to tcp://"):
        _image("docker:tls:1")


def _record_of(reference: str) -> Acquisition:
    with Store(most_bytes=1 << 40) as store:
        return next(one.acquisition for one in store.images() if one.acquisition.reference == reference)


def test_a_socket_that_belongs_to_others(daemon: RunningEngine) -> None:
    """Root may open every socket, so the question is asked as nobody."""
    daemon.load(_tiny("not for all", "not-for-all:1"))
    assert _image("docker:not-for-all:1")
    os.seteuid(65534)
    try:
        with pytest.raises(ImageNotOpened, match="permission denied") as raised:
            _image("docker:not-for-all:1")
    finally:
        os.seteuid(0)
    assert daemon.host in raised.value.message
    assert "group" in raised.value.hint


def test_what_was_acquired_gives_the_report_without_the_engine(
    engine: RunningEngine,
    training: Path,
    tool: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine.load(training.read_bytes())
    reference = f"docker:{_kept_as(engine, training)}"
    direct = _report(reference)
    for target in (tmp_path / "folder", tmp_path / "image.tar"):
        assert main(["acquire", reference, "--to", str(target), "--quiet"]) == 0
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "empty"))
    for target in (tmp_path / "folder", tmp_path / "image.tar"):
        later = _report(str(target))
        assert later.image.reference == reference
        assert _comparable(later) == _comparable(direct)
    record = json.loads((tmp_path / "folder" / "acquisition.json").read_bytes())
    assert record["source"] == "docker_engine"
    assert record["archive"] in {one["digest"] for one in record["contents"]}
    inspected = subprocess.run(
        [tool("skopeo"), "inspect", "--config", f"oci:{tmp_path / 'folder'}"], capture_output=True, check=True
    )
    diff_ids = json.loads(inspected.stdout)["rootfs"]["diff_ids"]
    assert diff_ids == [layer.diff_id for layer in direct.image.layers]


def test_the_command_line_scans_what_an_engine_holds(
    daemon: RunningEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    daemon.load(_tiny("scan me", "scan-me:1"))
    assert main(["scan", "docker:scan-me:1", "--format", "json", "--quiet"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["image"]["source"] == "docker_engine"
    assert main(["scan", "docker:no-such-image", "--quiet"]) == 3
    lines = capfd.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["error", "hint"]
