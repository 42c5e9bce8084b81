"""Unowned programs: the place, the owner, and what the image says of itself decide."""

from __future__ import annotations

import pytest

from forensics.detectors.unowned_executable import DETECTOR
from tests.scenes import File, Layer, config, debian, dpkg, elf, judge, said, symlink

TOOL = File(elf(b"tool"), 0o755)
SCRIPT = File(b"#!/bin/sh\necho hello\n", 0o755)
UNOWNED = "ownership/unowned-binary"
UNOWNED_SCRIPT = "ownership/unowned-script"


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("/usr/bin/tool", "high"),
        ("/sbin/tool", "high"),
        ("/usr/lib/x86_64-linux-gnu/libtool.so", "high"),
        ("/etc/tool", "high"),
        ("/usr/local/bin/tool", "medium"),
        ("/opt/tool", "medium"),
        ("/tool", "medium"),
        ("/var/lib/x/tool", "medium"),
        ("/usr/lib/.x/tool", "high"),
        ("/usr/local/lib/python3.11/site-packages/a/b.so", "low"),
        ("/app/node_modules/a/build/b.node", "low"),
    ],
)
def test_the_place_decides(path: str, severity: str) -> None:
    assert said(judge(DETECTOR, debian(), {path: TOOL})) == [(UNOWNED, severity, path)]


@pytest.mark.parametrize(
    ("path", "severity"), [("/usr/bin/tool", "medium"), ("/usr/local/bin/tool", "low"), ("/opt/tool", None)]
)
def test_scripts_count_among_commands_only(path: str, severity: str | None) -> None:
    expected = [(UNOWNED_SCRIPT, severity, path)] if severity else []
    assert said(judge(DETECTOR, debian(), {path: SCRIPT})) == expected


def test_a_script_that_cannot_be_started_does_not_count() -> None:
    assert judge(DETECTOR, debian(), {"/usr/bin/tool": File(SCRIPT.content, 0o644)}) == []


def test_what_packages_own_does_not_count() -> None:
    assert judge(DETECTOR, debian(other=elf(b"other"))) == []


def test_a_program_through_a_merged_folder_is_owned() -> None:
    layer = {
        "/bin": symlink("usr/bin"),
        "/usr/bin/ls": File(elf(b"ls"), 0o755),
        **dpkg({"coreutils": {"/bin/ls": elf(b"ls")}}),
    }
    assert judge(DETECTOR, layer) == []


def test_without_a_reference_it_is_told_once() -> None:
    found = judge(DETECTOR, {"/a": TOOL, "/b": File(elf(b"b"), 0o755), "/usr/bin/c": SCRIPT})
    assert said(found) == [("ownership/no-reference", "info", None)]
    assert found[0].evidence[0].text == "3 programs, libraries and scripts"


def test_an_empty_image_says_nothing() -> None:
    assert judge(DETECTOR, {"/etc/motd": b"hello"}) == []


def test_removed_programs_count_in_their_layer() -> None:
    (found,) = judge(DETECTOR, debian(), {"/usr/bin/tool": TOOL}, {"/usr/bin/tool": None})
    assert (found.layer, str(found.state), found.changed_by_layer) == (1, "deleted", 2)


def test_one_reason_lowers_by_one_and_two_by_two() -> None:
    layers: tuple[Layer, ...] = (debian(), {"/usr/bin/caddy": TOOL})
    named = judge(DETECTOR, *layers, created_by=("ADD", "RUN install caddy /usr/bin"))
    assert said(named) == [(UNOWNED, "medium", "/usr/bin/caddy")]
    started = judge(DETECTOR, *layers, config=config(cmd=("caddy", "run"), env=("CADDY_VERSION=2",)))
    assert said(started) == [(UNOWNED, "low", "/usr/bin/caddy")]
    assert "start command runs it" in started[0].explanation
    assert "CADDY_VERSION" in started[0].explanation


def test_a_reason_does_not_excuse_a_hidden_place() -> None:
    found = judge(
        DETECTOR,
        debian(),
        {"/usr/lib/.x/kworker": TOOL},
        config=config(entrypoint=("/usr/lib/.x/kworker",), env=("KWORKER_VERSION=1",)),
    )
    assert said(found) == [(UNOWNED, "high", "/usr/lib/.x/kworker")]


def test_a_command_that_shadows_an_owned_one_is_high() -> None:
    (found,) = judge(DETECTOR, debian(), {"/usr/local/bin/ls": TOOL})
    assert str(found.severity) == "high"
    assert "/usr/bin/ls" in found.explanation


def test_a_kernel_module_is_high_anywhere() -> None:
    assert [str(one.severity) for one in judge(DETECTOR, debian(), {"/opt/x.ko": TOOL})] == ["high"]


def test_files_that_matter_little_are_gathered() -> None:
    folder = "/usr/local/lib/python3.11/site-packages"
    layer = {f"{folder}/p{n}/m.so": File(elf(b"%d" % n), 0o755) for n in range(40)}
    (found,) = judge(DETECTOR, debian(), layer)
    assert found.title.endswith(f"40 files under {folder}")
    assert len(found.evidence) == 32
    assert found.evidence[-1].text == "and 9 more like these"


PYTHON = config(
    env=("PATH=/usr/local/bin:/usr/bin", "GPG_KEY=A035", "PYTHON_VERSION=3.12.1", "PYTHON_PIP_VERSION=23"),
    cmd=("python3",),
)
NODE = config(
    env=("PATH=/usr/local/bin:/usr/bin", "NODE_VERSION=20.1.0", "YARN_VERSION=1.22.19"),
    entrypoint=("docker-entrypoint.sh",),
    cmd=("node",),
)
NGINX = config(
    env=("PATH=/usr/bin", "NGINX_VERSION=1.25"),
    entrypoint=("/docker-entrypoint.sh",),
    cmd=("nginx", "-g", "daemon off;"),
)
JAVA = config(env=("PATH=/opt/java/openjdk/bin:/usr/bin", "JAVA_HOME=/opt/java/openjdk"), cmd=("jshell",))
REGISTRY = config(entrypoint=("/entrypoint.sh",), cmd=("/etc/docker/registry/config.yml",))


@pytest.mark.parametrize(
    ("layers", "more"),
    [
        (
            {
                "/usr/local/bin/python3.12": TOOL,
                "/usr/local/lib/libpython3.12.so.1.0": File(elf(b"l"), 0o755),
                "/usr/local/lib/python3.12/lib-dynload/_ssl.so": File(elf(b"s"), 0o755),
                "/usr/local/bin/pip3": File(b"#!/usr/local/bin/python3.12\nimport pip\n", 0o755),
                "/usr/local/bin/idle3.12": File(b"#!/usr/local/bin/python3.12\n", 0o755),
            },
            {"config": PYTHON},
        ),
        (
            {
                "/usr/local/bin/node": TOOL,
                "/usr/local/bin/docker-entrypoint.sh": SCRIPT,
                "/opt/yarn-v1.22.19/bin/yarn": SCRIPT,
            },
            {"config": NODE},
        ),
        (
            {
                "/docker-entrypoint.sh": SCRIPT,
                "/docker-entrypoint.d/10-listen-on-ipv6-by-default.sh": SCRIPT,
                "/docker-entrypoint.d/15-local-resolvers.envsh": SCRIPT,
            },
            {"config": NGINX},
        ),
        (
            {"/opt/java/openjdk/bin/java": TOOL, "/opt/java/openjdk/lib/libjli.so": File(elf(b"j"), 0o755)},
            {"config": JAVA},
        ),
        (
            {
                "/bin/registry": TOOL,
                "/entrypoint.sh": File(b'#!/bin/sh\nset -e\nexec registry serve "$@"\n', 0o755),
            },
            {
                "config": REGISTRY,
                "created_by": ("ADD", "/bin/sh -c #(nop) COPY file:7b57 in /bin/registry "),
            },
        ),
        (
            {"/usr/local/bin/gosu": TOOL, "/usr/local/bin/redis-server": File(elf(b"r"), 0o755)},
            {"config": config(env=("GOSU_VERSION=1.16", "REDIS_VERSION=7"), cmd=("redis-server",))},
        ),
    ],
    ids=["python", "node", "nginx", "java", "registry", "redis"],
)
def test_official_images_stay_below_medium(layers: Layer, more: dict[str, object]) -> None:
    found = judge(DETECTOR, debian(), layers, **more)
    assert [one for one in said(found) if one[1] not in ("info", "low")] == []


@pytest.mark.parametrize(
    ("step", "path", "severity"),
    [
        ("COPY . / # buildkit", "/usr/lib/x86_64-linux-gnu/libc.so.7", "high"),
        ("COPY rootfs/ / # buildkit", "/usr/local/bin/tool", "medium"),
        ("COPY rootfs/ / # buildkit", "/opt/app/tool", "medium"),
        ("COPY lib/ /usr/lib/ # buildkit", "/usr/lib/tool", "high"),
        ("COPY bin/ /usr/local/bin/ # buildkit", "/usr/local/bin/tool", "low"),
        ("COPY tool /usr/lib/ # buildkit", "/usr/lib/tool", "medium"),
        ("COPY server /usr/bin/tool # buildkit", "/usr/bin/tool", "medium"),
        ("COPY out/ /opt/app # buildkit", "/opt/app/tool", "low"),
        ("COPY out/ / # buildkit", "/tool", "low"),
    ],
)
def test_a_copy_over_the_whole_root_names_nothing(step: str, path: str, severity: str) -> None:
    found = judge(DETECTOR, debian(), {path: TOOL}, created_by=("ADD", step))
    assert said(found) == [(UNOWNED, severity, path)]


def test_compiled_copies_of_packaged_assemblies_are_low() -> None:
    library = b"MZ\x90\x00 an assembly"
    assembly = "/usr/lib/mono/4.5/mscorlib.dll"
    base = {assembly: library, **dpkg({"mono-runtime": {assembly: library}})}
    cache = "/usr/lib/mono/aot-cache/amd64"
    found = judge(DETECTOR, base, {f"{cache}/mscorlib.dll.so": TOOL, f"{cache}/other.dll.so": TOOL})
    assert said(found) == [
        (UNOWNED, "low", f"{cache}/mscorlib.dll.so"),
        (UNOWNED, "high", f"{cache}/other.dll.so"),
    ]
    moved = judge(DETECTOR, base, {"/usr/lib/mscorlib.dll.so": TOOL})
    assert said(moved) == [(UNOWNED, "high", "/usr/lib/mscorlib.dll.so")]
