"""The one family of errors a person may see: a sentence and a hint, never a traceback."""

from __future__ import annotations


class ForensicsError(Exception):
    """Something a person can act on.

    `message` says what went wrong in one line; `hint` says what to do next. `exit_code` is the
    process status of the command line (see the public contract).
    """

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ForensicsError):
    """The command line or a choice in it is wrong."""

    exit_code = 2


class ChoiceNeeded(UsageError):
    """The reference holds several images or platforms and none was chosen.

    `choices` are the lines to show, one per candidate.
    """

    def __init__(self, message: str, hint: str, choices: tuple[str, ...]) -> None:
        super().__init__(message, hint)
        self.choices = choices


class ImageNotOpened(ForensicsError):
    """The reference is not an image, or not one this program can open at all."""


class ParseError(ForensicsError):
    """Bytes do not follow the format they claim; callers turn it into an `Issue`."""


class SignatureError(ForensicsError):
    """A signature file does not compile or breaks a rule of the signature lint."""

    exit_code = 2


class Cancelled(ForensicsError):
    """The person stopped the work."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("interrupted", "run the command again to start over")
