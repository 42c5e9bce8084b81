"""`--limit NAME=VALUE`: every command that opens an image takes it, and it is in force."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from forensics.cli._limits import limits_of, meanings, names, unit, written
from forensics.cli.main import main
from forensics.errors import UsageError
from forensics.limits import DEFAULT, GIB, MIB, Limits
from tests.image_archives import docker_save, tar_of


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limits") / "image.tar"
    layer = tar_of([("etc/a", b"a" * 5000), ("etc/b", b"b" * 3000)])
    path.write_bytes(docker_save([layer, layer + bytes(512)]))
    return path


class TestValues:
    @pytest.mark.parametrize(
        ("given", "name", "value"),
        [
            ("layer_bytes=128GiB", "layer_bytes", 128 * GIB),
            ("layer-bytes=1.5GB", "layer_bytes", 1_500_000_000),
            ("json_bytes=7", "json_bytes", 7),
            ("json_bytes=20m", "json_bytes", 20_000_000),
            ("json_bytes=20 MiB", "json_bytes", 20 * MIB),
            ("file_seconds=90", "file_seconds", 90),
            ("run_seconds=2h", "run_seconds", 7200),
            ("run_seconds=1.5m", "run_seconds", 90),
            ("members=2M", "members", 2_000_000),
        ],
    )
    def test_units_are_understood(self, given: str, name: str, value: int) -> None:
        assert limits_of([given]) == msgspec.structs.replace(DEFAULT, **{name: value})

    @pytest.mark.parametrize("name", Limits.__struct_fields__)
    def test_every_default_can_be_given_as_it_is_written(self, name: str) -> None:
        assert limits_of([f"{name}={written(name, getattr(DEFAULT, name))}"]) == DEFAULT

    @pytest.mark.parametrize(
        "given",
        ["json_bytes=", "json_bytes=-1", "json_bytes=0", "json_bytes=1h", "members=1GiB", "json_bytes=1e9",
         "json_bytes=99999999TiB", "run_seconds=1GB", "json_bytes=nan"],
    )  # fmt: skip
    def test_what_is_no_value_is_refused_with_an_example(self, given: str) -> None:
        with pytest.raises(UsageError) as refused:
            limits_of([given])
        assert refused.value.hint.startswith("for example --limit ")

    def test_a_name_that_is_none_gets_the_nearest(self) -> None:
        with pytest.raises(UsageError, match="there is no limit layer_byte") as refused:
            limits_of(["layer_byte=3"])
        assert "layer_bytes" in refused.value.hint

    def test_a_name_without_a_value_is_refused(self) -> None:
        with pytest.raises(UsageError, match="no value"):
            limits_of(["members"])

    def test_every_limit_has_a_meaning_and_a_unit(self) -> None:
        assert set(meanings()) == set(names())
        assert all(meanings().values())
        assert {unit(name) for name in names()} == {"bytes", "seconds", "count"}


class TestCommands:
    def test_help_lists_them_without_an_image(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scan", "--limit", "help"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == list(names())

    @pytest.mark.parametrize("command", ["scan", "ls", "layers", "cat", "extract", "open"])
    def test_every_command_that_opens_an_image_takes_it(
        self, command: str, image: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        more = {"cat": ["/etc/a"], "extract": ["/etc/a", "--to", "unused"]}.get(command, [])
        assert main([command, str(image), *more, "--limit", "jason_bytes=1"]) == 2
        assert "json_bytes" in capsys.readouterr().err

    def test_it_is_in_force(self, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scan", str(image), "--limit", "layers=1", "--format", "json", "-q"]) == 4
        report = msgspec.json.decode(capsys.readouterr().out)
        [issue] = [each for each in report["coverage"]["issues"] if each["subject"] == "layer 1"]
        assert issue["code"] == "limit"
        assert "limit layers" in issue["message"]
        assert issue["lost_bytes"] > 8000
