"""Secrets in environment, labels and history, and the many values that only look like them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.detectors import Scene
from forensics.detectors._secrets import masked, secret_in_setting, secrets_in_command
from forensics.detectors.config_secrets import DETECTOR
from forensics.model.findings import Finding
from forensics.model.image import Image, LayerSource
from tests.scenes import config

PASSWORD = "q7Rk2vZp9LmX4tWc"
GITLAB = "glpat-" + "k3Vx9Qm2Rz7Lp4Tw8NcY"


def judge(**values: object) -> list[Finding]:
    layers = tuple(LayerSource(index=n, name="") for n in range(len(values.get("history", ()))))  # type: ignore[arg-type]
    image = Image(source="x", reference="x", config=config(**values), layers=layers)
    return list(DETECTOR.detect(Scene(image=image, rules={})))


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        (f"API_TOKEN={PASSWORD}", "high"),
        (f"DB_PASSWORD={PASSWORD}", "high"),
        ("MYSQL_ROOT_PASSWORD=hunter2!", "medium"),
        (f"CI={GITLAB}", "high"),
        (f"SECRET_KEY_BASE={PASSWORD * 4}", "high"),
        (f"DATABASE_URL=postgres://app:{PASSWORD}@db:5432/app", "medium"),
        (f"AWS_SECRET_ACCESS_KEY={PASSWORD}{PASSWORD}abcdEFGH", "high"),
        (f"spring.datasource.password={PASSWORD}", "high"),
    ],
)
def test_secrets_in_the_environment(line: str, severity: str) -> None:
    (found,) = judge(env=(line,))
    assert (found.rule_id, str(found.severity)) == ("secret/in-environment", severity)
    assert PASSWORD not in found.evidence[0].text
    assert GITLAB not in json.dumps([one.text for one in found.evidence])


@pytest.mark.parametrize(
    "line",
    [
        "PATH=/usr/local/bin:/usr/bin",
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "GPG_KEYS=39B641343D8C104B2B146DC3F9C39DC0B9698544 E60913E4DF209907D8E30D96659A97C9CF2A795A",
        "PYTHON_SHA256=9cf9427bee9e2242e3877dd0f6b641c1853ca461f39d6503ce260a59c80bf0d9",
        "NGINX_GPGKEY=573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62",
        "RABBITMQ_PGP_KEY_ID=0x0A9AF2115F4687BD29803A206B73A36E6026DFCA",
        "POSTGRES_PASSWORD_FILE=/run/secrets/pw",
        "PASSWORD=",
        "DB_PASSWORD=changeme",
        "DB_PASSWORD=$OTHER",
        "DB_PASSWORD=${OTHER:-x}",
        "TOKEN_TTL=3600",
        "TOKEN_URL=https://login.example.org/token",
        "PASSWORD_MIN_LENGTH=12",
        "SSH_AUTH_SOCK=/run/agent.sock",
        "PWD=/root/somewhere/else",
        "COPY_REFERENCE_FILE_LOG=/var/jenkins_home/copy_reference_file.log",
        "JAVA_OPTS=-Dx.password.policy=strict",
        "PUBLIC_KEY=ssh-ed25519",
        "MONKEY=q7Rk2vZp9LmX4tWc",
        "EXAMPLE_TOKEN=your-token-here",
    ],
)
def test_values_that_only_look_like_secrets(line: str) -> None:
    assert judge(env=(line,)) == []


def test_labels() -> None:
    (found,) = judge(labels={"maintainer": "x", "org.example.api-token": PASSWORD})
    assert found.rule_id == "secret/in-label"


@pytest.mark.parametrize(
    "line",
    [
        f"|1 NPM_TOKEN={PASSWORD} /bin/sh -c npm install",
        f"RUN curl --token={PASSWORD} https://a.invalid",
        f"RUN git clone https://bot:{PASSWORD}@git.example.org/r.git",
        f"RUN curl -H 'Authorization: Bearer {PASSWORD}abcdefgh' https://a.invalid",
        f"RUN echo {GITLAB} > /root/.netrc",
        f"ENV DB_PASSWORD={PASSWORD}",
    ],
)
def test_secrets_in_build_steps(line: str) -> None:
    (found,) = judge(history=("FROM x", line))
    assert (found.rule_id, found.layer) == ("secret/in-history", 1)
    assert PASSWORD not in found.evidence[0].text
    assert GITLAB not in found.evidence[0].text


def test_a_secret_of_the_environment_is_not_told_again_for_its_step() -> None:
    found = judge(env=(f"A_TOKEN={PASSWORD}",), history=(f"ENV A_TOKEN={PASSWORD}",))
    assert [one.rule_id for one in found] == ["secret/in-environment"]


def test_private_key_in_a_variable() -> None:
    body = base64.b64encode(b"\x30\x82\x01\x00" + bytes(range(200))).decode()
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    assert [str(one.severity) for one in judge(env=(f"CERT={key}",))] == ["high"]


def test_mask_shows_no_short_secret() -> None:
    assert masked("hunter2") == "(7 characters)"
    assert masked("q7Rk2vZp9LmX4tWc") == "q7Rk…Wc (16 characters)"


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_setting_can_be_judged(name: str, value: str) -> None:
    found = secret_in_setting(name, value)
    assert found is None or found.name == name
    assert all(one.masked for one in secrets_in_command(f"{name}={value}"))
