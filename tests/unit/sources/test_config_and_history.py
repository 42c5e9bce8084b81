from __future__ import annotations

import pytest

from forensics.model.image import HistoryEntry, ImageConfig, Platform
from forensics.sources._config import read_config
from forensics.sources._document import Document
from forensics.sources._history import FoundLayer, base_by_history, layer_sources
from forensics.sources._issues import IssueLog


def steps(text: str) -> tuple[HistoryEntry, ...]:
    """`a` makes a layer, `-` does not, `C` sets a start command in the old words, `E` in BuildKit's."""
    words = {"C": '/bin/sh -c #(nop)  CMD ["bash"]', "E": 'ENTRYPOINT ["/x"]', "-": "ENV A=CMD"}
    return tuple(
        HistoryEntry(created_by=words.get(step, f"RUN {step}"), empty_layer=step in words) for step in text
    )


def test_a_whole_configuration():
    document = Document(
        {
            "created": "2024-01-01T00:00:00Z",
            "author": "me",
            "architecture": "arm64",
            "os": "linux",
            "variant": "v8",
            "config": {
                "User": "app:app",
                "ExposedPorts": {"443/tcp": {}, "80/tcp": {}},
                "Env": ["A=1", "B"],
                "Entrypoint": ["/bin/app"],
                "Cmd": ["--serve"],
                "Volumes": {"/data": {}},
                "WorkingDir": "/app",
                "Labels": {"b": "2", "a": "1"},
                "StopSignal": "SIGTERM",
                "Shell": ["/bin/bash", "-c"],
                "OnBuild": ["RUN make"],
                "Healthcheck": {"Test": ["CMD", "curl", "-f"], "Interval": 3},
            },
            "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]},
            "history": [{"created_by": "RUN x", "created": "t", "comment": "c", "author": "a"}],
        },
        "config",
        IssueLog(),
    )
    assert read_config(document) == ImageConfig(
        user="app:app",
        entrypoint=("/bin/app",),
        cmd=("--serve",),
        env=("A=1", "B"),
        labels={"a": "1", "b": "2"},
        exposed_ports=("443/tcp", "80/tcp"),
        volumes=("/data",),
        working_dir="/app",
        shell=("/bin/bash", "-c"),
        healthcheck=("CMD", "curl", "-f"),
        on_build=("RUN make",),
        stop_signal="SIGTERM",
        author="me",
        created="2024-01-01T00:00:00Z",
        platform=Platform(os="linux", architecture="arm64", variant="v8"),
        diff_ids=("sha256:1",),
        history=(HistoryEntry(created_by="RUN x", created="t", comment="c", author="a"),),
    )


@pytest.mark.parametrize(
    ("history", "base"),
    [
        ("aCb", 1),
        ("aEb", 1),
        ("a-bCcd", 2),
        ("aCbCc", 1),
        ("-C", None),
        ("aC", None),
        ("abc", None),
        ("Cab", None),
        ("a-b", None),
        ("", None),
    ],
)
def test_the_first_start_command_with_layers_around_it_ends_the_base(history, base):
    layers = sum(step not in "C-E" for step in history)
    assert base_by_history(steps(history), layers) == base
    assert base_by_history(steps(history), layers + 1) is None


def test_steps_belong_to_layers_by_position():
    issues = IssueLog()
    config = ImageConfig(history=steps("a-bCc"), diff_ids=("1", "2", "3"))
    layers = layer_sources([FoundLayer(str(n), None) for n in range(3)], config, None, issues)
    assert [layer.created_by for layer in layers] == ["RUN a", "RUN b", "RUN c"]
    assert [layer.diff_id for layer in layers] == ["1", "2", "3"]
    assert [layer.base for layer in layers] == [True, True, False]
    assert issues.collected() == ()


def test_a_history_that_does_not_fit_is_not_assigned():
    issues = IssueLog()
    config = ImageConfig(history=steps("abc"), diff_ids=("1",))
    layers = layer_sources([FoundLayer("x", None), FoundLayer("y", None)], config, None, issues)
    assert [layer.created_by for layer in layers] == ["", ""]
    assert [layer.diff_id for layer in layers] == ["1", ""]
    assert [layer.base for layer in layers] == [None, None]
    assert [issue.code for issue in issues.collected()] == ["diff-id-count", "history-mismatch"]


def test_no_history_is_no_issue():
    issues = IssueLog()
    layers = layer_sources([FoundLayer("x", None)], ImageConfig(diff_ids=("1",)), 1, issues)
    assert layers[0].base is True
    assert issues.collected() == ()
