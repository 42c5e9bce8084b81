"""From what a person types to versions of files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forensics.cli._image_files import ImageFiles, wanted_path
from forensics.errors import UsageError
from forensics.layers import ImageView
from forensics.model.files import FileVersion
from tests.layered_images import DIRECTORY, GONE, Link, open_image_of

ESCAPED = "/odd/\x1b[2J"
UNDECODABLE = "/odd/\udcff"


@pytest.fixture(scope="module")
def view() -> Iterator[ImageView]:
    with open_image_of(
        {
            "/usr": DIRECTORY,
            "/usr/bin": DIRECTORY,
            "/usr/bin/sh": "one",
            "/bin": Link("usr/bin"),
            "/usr/bin/loop": Link("loop"),
            "/usr/binary": "not below /usr/bin",
        },
        {"/usr/bin/sh": "two", "/usr/bin/ash": Link("/bin/sh"), ESCAPED: "esc", UNDECODABLE: "bytes"},
        {"/usr/bin/ash": GONE, "/odd/\\x1b[2J": "backslash"},
    ) as opened:
        yield opened


def where(versions: list[FileVersion]) -> list[tuple[int, str]]:
    return [(version.layer, version.path) for version in versions]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("etc/x", "/etc/x"),
        ("/etc//x/", "/etc/x"),
        ("//etc", "/etc"),
        ("/a/../b", "/b"),
        ("..", "/"),
        ("", "/"),
    ],
)
def test_a_path_is_absolute_and_normal(typed: str, meant: str) -> None:
    assert wanted_path(typed) == meant


def test_the_finished_image(view: ImageView) -> None:
    files = ImageFiles(view)
    assert where(files.below("/usr/bin")) == [(0, "/usr/bin"), (0, "/usr/bin/loop"), (1, "/usr/bin/sh")]
    assert where(files.below("/bin")) == [(0, "/bin"), *where(files.below("/usr/bin"))]
    assert where(files.below("usr/bin/sh")) == [(1, "/usr/bin/sh")]
    assert len(files.below("/")) == len(list(view.merged()))
    assert files.below("/absent") == []


def test_one_layer_and_all_layers(view: ImageView) -> None:
    assert where(ImageFiles(view, 0).below("/usr/bin/sh")) == [(0, "/usr/bin/sh")]
    assert where(ImageFiles(view, all_versions=True).below("/usr/bin/sh")) == [
        (0, "/usr/bin/sh"),
        (1, "/usr/bin/sh"),
    ]
    assert ImageFiles(view, 2).below("/usr") == []
    (mark,) = ImageFiles(view, 2).whiteouts("/usr")
    assert mark.path == "/usr/bin/ash"
    assert ImageFiles(view, 2).whiteouts("/usr/bin/a") == []
    assert ImageFiles(view).whiteouts("/usr") == []


def test_a_file_is_found_through_links(view: ImageView) -> None:
    assert view.read(ImageFiles(view).file("/bin/sh")) == b"two"
    assert view.read(ImageFiles(view, 0).file("/usr/bin/sh")) == b"one"
    assert view.read(ImageFiles(view, 1).file("/usr/bin/ash")) == b"two"


def test_a_path_can_be_given_as_it_is_shown(view: ImageView) -> None:
    assert ImageFiles(view).file("/odd/\\xff").path == UNDECODABLE
    assert view.read(ImageFiles(view).file("/odd/\\x1b[2J")) == b"backslash"
    assert where(ImageFiles(view, 1).below("/odd/\\x1b[2J")) == [(1, ESCAPED)]


@pytest.mark.parametrize(
    ("layer", "path", "message", "hint"),
    [
        (None, "/absent", "there is no /absent", "forensics ls"),
        (None, "/usr/bin/ash", "there is no /usr/bin/ash", "--layer 1 deleted by layer 2"),
        (
            2,
            "/usr/bin/sh",
            "there is no /usr/bin/sh in layer 2",
            "--layer 0 overwritten by layer 1; --layer 1",
        ),
        (None, "/usr/bin", "is a directory without content", "regular file"),
        (None, "/usr/bin/loop", "there is no /usr/bin/loop", "--layer 0"),
        (None, "/no/\x1b[2J", "there is no /no/\\\\x1b", "forensics ls"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    view: ImageView, layer: int | None, path: str, message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        ImageFiles(view, layer).file(path)
    assert hint in caught.value.hint


def test_a_layer_that_is_not_there(view: ImageView) -> None:
    with pytest.raises(UsageError, match="there is no layer 3") as caught:
        ImageFiles(view, 3)
    assert caught.value.hint == "the layers are 0 to 2"


@pytest.mark.parametrize(("count", "hint"), [(1, "the only layer is 0"), (0, "there are none")])
def test_what_layers_there_are_is_said_in_words_that_fit(count: int, hint: str) -> None:
    with open_image_of(*[{"/a": "a"}] * count) as few, pytest.raises(UsageError) as caught:
        ImageFiles(few, 5)
    assert caught.value.hint == hint


@pytest.fixture(scope="module")
def moving() -> Iterator[ImageView]:
    """`/bin` leads to one folder, later to another; `/etc/conf` to a file that a later layer replaces."""
    with open_image_of(
        {
            "/usr": DIRECTORY,
            "/usr/bin": DIRECTORY,
            "/usr/bin/ls": "one",
            "/bin": Link("usr/bin"),
            "/etc": DIRECTORY,
            "/etc/motd": "old",
            "/etc/conf": Link("motd"),
        },
        {"/usr/bin/ls": "two", "/etc/motd": "new"},
        {"/bin": Link("opt"), "/opt": DIRECTORY, "/opt/ls": "evil"},
        {"/usr/bin/ls": GONE, "/bin": GONE},
    ) as opened:
        yield opened


def test_links_are_followed_as_of_the_layer(moving: ImageView) -> None:
    assert [moving.read(ImageFiles(moving, layer).file("/bin/ls")) for layer in (0, 1, 2)] == [
        b"one",
        b"two",
        b"evil",
    ]
    assert moving.read(ImageFiles(moving, 1).file("/etc/conf")) == b"new"
    assert where(ImageFiles(moving, 0).below("/bin/ls")) == [(0, "/usr/bin/ls")]
    assert where(ImageFiles(moving, 1).below("/bin")) == [(1, "/usr/bin/ls")]
    assert where(ImageFiles(moving, 0).below("/bin")) == [(0, "/bin"), (0, "/usr/bin"), (0, "/usr/bin/ls")]
    assert where(ImageFiles(moving, 2).below("/bin/ls")) == [(2, "/opt/ls")]


def test_all_versions_are_those_of_every_place_that_links_ever_led_to(moving: ImageView) -> None:
    files = ImageFiles(moving, all_versions=True)
    versions = files.below("/bin/ls")
    assert where(versions) == [(2, "/opt/ls"), (0, "/usr/bin/ls"), (1, "/usr/bin/ls")]
    assert files.led_to("/bin/ls", versions) == ["/usr/bin/ls", "/opt/ls"]
    assert files.led_to("/usr/bin/ls", files.below("/usr/bin/ls")) == []
    assert files.led_to("/bin", files.below("/bin")) == [], "the link itself is listed"


def test_what_a_layer_deletes_is_found_through_links_too(moving: ImageView) -> None:
    with open_image_of(
        {"/usr/bin": DIRECTORY, "/bin": Link("usr/bin"), "/usr/bin/ls": "x"}, {"/usr/bin/ls": GONE}
    ) as view:
        (mark,) = ImageFiles(view, 1).whiteouts("/bin/ls")
    assert mark.path == "/usr/bin/ls"


def test_a_file_of_another_layer_is_not_given_for_the_one_asked(moving: ImageView) -> None:
    with pytest.raises(UsageError, match="there is no /bin/ls in layer 3") as caught:
        ImageFiles(moving, 3).file("/bin/ls")
    assert caught.value.hint == "forensics ls IMAGE lists what there is"
    with (
        open_image_of({"/bin": Link("usr/bin"), "/usr/bin/ls": "x"}, {"/a": "a"}) as view,
        pytest.raises(UsageError, match="there is no /bin/ls in layer 1") as caught,
    ):
        ImageFiles(view, 1).file("/bin/ls")
    assert caught.value.hint == "there is: --layer 0"
