"""What a path says by itself: which part of a file system it is in, and who usually writes there."""

from __future__ import annotations

import re

PROGRAM_DIRECTORIES = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
"""Where a shell looks for commands by default."""

_SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot", "/etc"),
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec"),
)
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm", "/run/shm", "/var/run/shm")  # noqa: S108 - places to look at
_VOLATILE = (*_TEMPORARY, "/dev", "/proc", "/sys", "/run", "/var/run", "/var/lock", "/run/lock")
_PSEUDO = ("/dev", "/proc", "/sys")
_NOT_FOR_PROGRAMS = ("/lost+found", "/var/spool", "/var/mail", "/var/log", "/var/cache/man", "/var/crash")

_DOCUMENTATION = ("/usr/share/doc", "/usr/share/man", "/usr/share/info", "/usr/local/share/doc")
_DOCUMENT_SUFFIX = re.compile(r"\.(md|rst|adoc|html?|txt|pdf|pod|[1-9](\.gz)?)$", re.IGNORECASE)
_DETECTION_CONTENT = re.compile(
    r"\.(yara?|rules|ndb|ldb|hdb|hsb|ldu|cdb|cvd|cld|sigma\.ya?ml)$|/(suricata|snort|yara-rules|clamav)/",
    re.IGNORECASE,
)
_SYSTEM_RULES = re.compile(r"/(udev|polkit-1)/rules\.d/")
"""Rules that start programs, in spite of their suffix."""
_TEST_DATA = re.compile(r"/(tests?|testdata|test-data|__tests__|specs?|examples?|fixtures?|samples?)/")

TOOL_FOLDERS = frozenset(
    {
        ".asdf", ".bin", ".build-id", ".bun", ".bundle", ".bzr", ".cache", ".cargo", ".circleci",
        ".conda", ".config", ".deno", ".devcontainer", ".docker", ".dotnet", ".eggs", ".fnm", ".fzf",
        ".gem", ".git", ".github", ".githooks", ".gnupg", ".gradle", ".hg", ".husky", ".idea",
        ".ivy2", ".java", ".jenkins", ".julia", ".krew", ".kube", ".libs", ".linuxbrew", ".local", ".m2",
        ".meteor", ".mvn", ".next", ".nodenv", ".npm", ".npm-global", ".oh-my-zsh", ".nuget", ".nuxt", ".nvm",
        ".nx", ".output", ".phpenv", ".pip", ".pkg", ".plenv", ".pnpm", ".pnpm-store", ".poetry",
        ".pub-cache", ".pyenv", ".rbenv", ".rustup", ".rvm", ".sbt", ".sdkman", ".store", ".svn", ".swiftpm",
        ".tox", ".venv", ".virtualenvs", ".vscode", ".vscode-server", ".volta", ".webpack", ".yarn",
    }
)  # fmt: skip
"""Hidden folders that well-known tools make and keep programs in."""


def within(path: str, directories: tuple[str, ...]) -> bool:
    """Whether `path` lies below one of `directories`."""
    return any(path.startswith(f"{directory}/") for directory in directories)


def is_system(path: str) -> bool:
    """Whether `path` is where only the distribution's packages install programs and libraries."""
    return within(path, _SYSTEM)


def is_temporary(path: str) -> bool:
    """Whether anybody may write where `path` is (`/tmp`, `/var/tmp`, `/dev/shm`)."""
    return within(path, _TEMPORARY)


def is_volatile(path: str) -> bool:
    """Whether `path` is where a running system keeps nothing that should come from an image."""
    return within(path, _VOLATILE)


def is_pseudo(path: str) -> bool:
    """Whether the kernel mounts a file system of its own over the place of `path`."""
    return within(path, _PSEUDO) and not within(path, ("/dev/shm",))  # noqa: S108 - a place to look at


def is_not_for_programs(path: str) -> bool:
    """Whether `path` is where services keep data and never programs."""
    return within(path, _NOT_FOR_PROGRAMS)


def hidden_folder(path: str) -> str:
    """The first folder of `path` whose name begins with a dot and that no well-known tool makes."""
    for folder in path.split("/")[1:-1]:
        if folder.startswith(".") and folder not in TOOL_FOLDERS:
            return folder
    return ""


def is_program_directory(path: str) -> bool:
    """Whether `path` lies directly in a directory that a shell searches for commands."""
    return path.rpartition("/")[0] in PROGRAM_DIRECTORIES


def is_hostile_start(path: str) -> bool:
    """Whether no honest service starts a program from where `path` is."""
    return is_volatile(path) or is_not_for_programs(path) or bool(hidden_folder(path))


def is_documentation(path: str) -> bool:
    """Whether `path` is documentation by its place or its suffix."""
    return within(path, _DOCUMENTATION) or _DOCUMENT_SUFFIX.search(path) is not None


def is_detection_content(path: str) -> bool:
    """Whether `path` looks like rules of a scanner, which quote what they look for."""
    return _DETECTION_CONTENT.search(path) is not None and not _SYSTEM_RULES.search(path)


def is_test_data(path: str) -> bool:
    """Whether `path` lies in a folder of tests or examples."""
    return _TEST_DATA.search(path) is not None


def basename(path: str) -> str:
    """The last component of `path`."""
    return path.rpartition("/")[2]
