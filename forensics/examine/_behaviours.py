"""What the text of a script does, told from the words it uses.

A behaviour is an observation, not an accusation: package scripts download, enable services and clean up
too. Detectors and people judge the combination. Searching is bounded: a behaviour is looked for only
around its needles, at most `MAX_PLACES` of them, within `REACH` bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from forensics.model.facts import MatchedString
from forensics.printable import printable

MAX_PLACES = 2_000
"""Places of needles looked at for one behaviour of one text."""
MAX_SHOWN = 8
"""Matches kept of one behaviour."""
REACH = 400
"""Bytes behind a needle that a match may reach."""
BEFORE = 200
"""Bytes before a needle, back to the start of its line at most, where a match may begin."""
STRETCH = 4_096
"""Bytes of places close to each other that are searched in one go."""
SHOWN_TEXT = 120


class Behaviour(msgspec.Struct, frozen=True):
    """One thing a script may do: `needles` are words of which every match holds one.

    Every match holds one of the `signs` too, where there are any: they are looked for before such a pattern.
    """

    id: str
    meaning: str
    needles: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    signs: tuple[bytes, ...] = ()


def _behaviour(name: str, meaning: str, needles: str, pattern: str, signs: str = "") -> Behaviour:
    """`needles` and `signs` are separated by spaces; a space that belongs to one is written `·`."""
    words = tuple(needle.replace("·", " ").encode() for needle in needles.split())
    compiled = re.compile(pattern.encode(), re.MULTILINE)
    return Behaviour(name, meaning, words, compiled, tuple(sign.encode() for sign in signs.split()))


_FETCH = r"\b(?:curl|wget|fetch|aria2c|lwp-download|tdl|cdl|wge|cur)\b"
_SHELL = r"(?:/[\w./-]{0,60}/)?(?:env\s{1,8})?(?:ba|da|z|k|a)?sh\b"
_INTERPRETER = rf"(?:{_SHELL}|(?:/[\w./-]{{0,60}}/)?(?:python[\d.]*|perl|ruby|node|php)\b)"
_SUDO = r"(?:(?:sudo|doas|nohup|setsid|exec|command)\s+(?:-\w+\s+)*)*"
_TEMP = r"(?:/tmp|/var/tmp|/dev/shm|/run/shm|/var/run|\$\{?TMPDIR\}?)"

_ALL = (
    _behaviour(
        "download", "fetches something from the network",
        "curl wget fetch aria2c urlopen urlretrieve requests.get LWP:: Net::HTTP file_get_contents http.get"
        " https.get",
        rf"{_FETCH}[^\n|;&]{{0,300}}?(?:https?|ftp)://[^\s\"'|;&)]+"
        r"|(?:urlopen|urlretrieve|requests\.get|file_get_contents|https?\.get)\s*\([^\n]{0,40}?https?://[^\s\"')]+"
        r"|LWP::Simple|Net::HTTP\.get",
    ),
    _behaviour(
        "download-execute", "hands what it fetches straight to an interpreter",
        "curl wget fetch urlopen requests.get",
        rf"{_FETCH}[^\n;&]{{0,300}}?\|\s*(?:(?:base64|gunzip|zcat|xz|tac|rev|tr|tee|openssl)\b[^\n|;&]{{0,60}}\|\s*){{0,3}}"
        rf"{_SUDO}{_INTERPRETER}(?![\w./-])"
        rf"|(?:{_INTERPRETER}|\bsource|\.)\s+<\(\s*{_FETCH}"
        rf"|(?:{_SHELL}\s+-\w*c|\beval)\s+[\"']?(?:\$\(|`)\s*{_FETCH}"
        r"|\bexec\s*\([^\n]{0,80}?(?:urlopen|requests\.get)\s*\(",
        signs="| <( $( ` exec",
    ),
    _behaviour(
        "decode-execute", "decodes something and runs it",
        "base64 b64decode frombase64 atob xxd openssl gzinflate str_rot13 unhexlify fromhex marshal.loads"
        " zlib.decompress unpack( decode_base64",
        r"base64\s+(?:-d|-D|--decode|-di|-id)\b[^\n;&]{0,120}?\|\s*(?:(?:gunzip|zcat|bunzip2|xz|rev|tac)\b[^\n|;&]{0,40}\|\s*){0,2}"
        rf"{_SUDO}{_INTERPRETER}(?![\w./-])"
        rf"|(?:\beval|{_SHELL}\s+-\w*c)\s+[\"']?(?:\$\(|`)[^\n]{{0,200}}?base64\s+(?:-d|-D|--decode)"
        rf"|{_INTERPRETER}\s+<\(\s*[^\n)]{{0,200}}?base64\s+(?:-d|-D|--decode)"
        rf"|(?:\bxxd\s+-\w*r\w*(?:\s+-p)?|\bopenssl\s+(?:enc|base64)\b[^\n|]{{0,80}}?-d)[^\n|;&]{{0,80}}\|\s*{_SUDO}{_INTERPRETER}(?![\w./-])"
        r"|\b(?:exec|eval)\s*\(\s*(?:compile\s*\(\s*)?(?:[\w.]+\s*\(\s*){0,4}(?:__import__\(['\"]\w+['\"]\)\.)?"
        r"(?:(?:base64\.)?(?:b64decode|b32decode|b85decode|a85decode)|(?:bytes\.)?fromhex|(?:binascii\.)?unhexlify|zlib\.decompress|marshal\.loads)"
        r"|\beval\s*\(\s*(?:[\w]+\s*\(\s*){0,3}(?:base64_decode|gzinflate|str_rot13|gzuncompress|atob|decode_base64|unpack)\s*\("
        r"|(?:\beval|\bFunction|child_process[^\n]{0,40}exec\w*)\s*\(\s*(?:atob|Buffer\.from)\s*\(",
        signs="| <( $( ` exec eval Function",
    ),
    _behaviour(
        "reverse-shell", "connects out and hands over a shell",
        "/dev/tcp/ /dev/udp/ mkfifo ncat netcat nc.traditional socat pty.spawn dup2( fsockopen TCPSocket"
        " IO::Socket s_client net.Socket nc·- exec:",
        r"(?:[&>]|[<>]&?|\bexec\s+\d+<>)\s*/dev/(?:tcp|udp)/[\w.$\{\}-]+/[\w$\{\}]+"
        r"|\b(?:nc|ncat|netcat|nc\.traditional)\b[^\n|;]{0,100}?\s(?:-\w*[ec]\s*|--exec\s+|--sh-exec\s+)[\"']?/?(?:usr/)?(?:bin/)?(?:ba|da|z)?sh\b"
        r"|\bmkfifo\s[^\n]{1,200}?\b(?:nc|ncat|netcat|openssl|telnet)\b"
        r"|\bsocat\b[^\n]{0,200}?\bexec:[\"']?(?:/bin/)?(?:ba|da)?sh\b"
        r"|\bpty\.spawn\s*\(\s*[\[\"'](?:[\"'])?/?(?:usr/)?(?:bin/)?(?:ba|da|z)?sh\b"
        r"|\bdup2\s*\(\s*\w+\.fileno\(\)\s*,\s*0\s*\)"
        r"|\bfsockopen\s*\([^\n]{0,120}?\b(?:exec|shell_exec|system|passthru|proc_open)\s*\("
        r"|\bTCPSocket\.(?:new|open)\b[^\n]{0,160}?\b(?:exec|popen|spawn)\b"
        r"|\bIO::Socket\b[^\n]{0,240}?\bexec\b"
        r"|\bs_client\b[^\n]{0,80}?-connect[^\n]{0,100}?\|\s*/?(?:bin/)?(?:ba)?sh\b|/bin/(?:ba)?sh\b[^\n]{0,100}\|\s*openssl\s+s_client"
        r"|\bnet\.Socket\s*\([^}]{0,200}?\.pipe\(\s*\w+\.stdin",
    ),
    _behaviour(
        "credential-read", "reads a file that holds credentials",
        ".aws/ .ssh/ .docker/config .kube/config .npmrc .pypirc .netrc .git-credentials gcloud/ /etc/shadow"
        " _history serviceaccount/token .azure/ .gnupg .pgpass .my.cnf .vault-token .electrum"
        " wallet.dat hosts.yml",
        r"(?:~|\$\{?HOME\}?|/root|/home/[^\s/]{1,32}|[\w)\]\"'+*]{1,16})?/?(?:\.aws/(?:credentials|config)|\.ssh/(?:id_\w+|\*)|\.docker/config\.json|\.kube/config"
        r"|\.npmrc\b|\.pypirc\b|\.netrc\b|\.git-credentials|\.config/gcloud|gcloud/(?:application_default_)?credentials|\.azure/\w+"
        r"|\.gnupg\b|\.pgpass\b|\.my\.cnf\b|\.vault-token|\.electrum|wallet\.dat|gh/hosts\.yml|\.(?:bash|zsh|mysql|psql)_history)"
        r"|/etc/shadow\b|/var/run/secrets/kubernetes\.io/serviceaccount/token|/run/secrets/kubernetes\.io/serviceaccount/token",
    ),
    _behaviour(
        "metadata-service", "asks the cloud's metadata service",
        "169.254.169.254 169.254.170.2 metadata.google.internal 100.100.100.200",
        r"(?:169\.254\.169\.254|169\.254\.170\.2|metadata\.google\.internal|100\.100\.100\.200)[^\s\"')]{0,120}",
    ),
    _behaviour(
        "process-scrape", "reads other processes' memory or environment",
        "/proc/ /environ",
        r"/proc/(?:\*|\$\{?\w+\}?|\{\w*\}|%[sd]|\"\s*\+\s*\w+\s*\+\s*\"|\d+)/(?:environ|mem|maps)\b",
    ),
    _behaviour(
        "network-send", "sends data out",
        "curl wget requests.post urlopen /dev/tcp/ sendDocument --post-file --upload-file fetch(",
        r"\bcurl\b[^\n|;]{0,240}?\s(?:-F|--form|-T|--upload-file|-d\s*@?|--data(?:-binary|-raw|-urlencode)?)[\s=\"'@]"
        r"|\bwget\b[^\n|;]{0,200}?--(?:post-file|post-data|body-file|body-data)"
        r"|\brequests\.(?:post|put)\s*\(|\burlopen\s*\([^\n]{0,200}?\bdata\s*="
        r"|\bfetch\s*\([^\n]{0,200}?method[\"']?\s*:\s*[\"']POST|/sendDocument\b",
    ),
    _behaviour(
        "cron-write", "installs a scheduled job",
        "crontab /etc/cron /var/spool/cron",
        r"\bcrontab\s+(?:-u\s+\S+\s+)?(?:-(?=[\s;|&)]|$)|/\S+|<\()|\|\s*crontab\b(?!\s+-[lr])"
        r"|(?:>{1,2}|\btee\b[^\n|;]{0,20}|\bcp\b[^\n|;]{0,120}|\bmv\b[^\n|;]{0,120})\s*[\"']?(?:/etc/cron[\w./-]*|/var/spool/cron[\w./-]*)",
    ),
    _behaviour(
        "service-write", "installs a service",
        "systemd/system systemd/user /etc/init.d systemctl rc.local update-rc.d",
        r"(?:>{1,2}|\btee\b[^\n|;]{0,20}|\bcp\b[^\n|;]{0,120}|\bmv\b[^\n|;]{0,120})\s*[\"']?[\w./~$\{\}-]*"
        r"(?:systemd/(?:system|user)/[\w@.-]+|/etc/init\.d/[\w.-]+|/etc/rc\.local|/etc/rc\.d/\S+)"
        r"|\bsystemctl\s+(?:--\S+\s+)*enable\s[^\n;&|]{1,60}|\bupdate-rc\.d\s+\S+\s+(?:defaults|enable)",
    ),
    _behaviour(
        "ssh-key-write", "adds an SSH key that may log in",
        "authorized_keys",
        r"(?:>{1,2}|\btee\b[^\n|;]{0,20}|\bcp\b[^\n|;]{0,120})\s*[\"']?[^\s;|&]{0,60}authorized_keys2?\b"
        r"|authorized_keys2?[\"']?\s*,\s*[\"'][aw]b?\+?[\"']",
    ),
    _behaviour(
        "preload-write", "makes every program load a library",
        "ld.so.preload LD_PRELOAD",
        r"(?:>{1,2}|\btee\b[^\n|;]{0,20}|\bcp\b[^\n|;]{0,120}|\bmv\b[^\n|;]{0,120})\s*[\"']?/etc/ld\.so\.preload"
        r"|LD_PRELOAD=[^\n]{1,120}>{1,2}\s*/etc/(?:environment|profile)",
    ),
    _behaviour(
        "login-hook-write", "adds commands that run at each login or shell",
        ".bashrc .profile .bash_profile .zshrc /etc/profile bash.bashrc",
        r"(?:>>|\btee\s+-a)\s*[\"']?[^\s;|&]{0,60}(?:\.bashrc|\.bash_profile|\.profile|\.zshrc|/etc/profile|bash\.bashrc)\b"
        r"|>\s*[\"']?/etc/profile\.d/[\w.-]+",
    ),
    _behaviour(
        "account-change", "makes an account or gives one more rights",
        "useradd adduser usermod chpasswd NOPASSWD /etc/sudoers /etc/passwd",
        r"\buseradd\b[^\n;|&]{0,120}?\s(?:-o\b|-u\s*0\b)|\busermod\b[^\n;|&]{0,80}?-a?G\s*(?:sudo|wheel|root|docker)\b"
        r"|\|\s*chpasswd\b|NOPASSWD:\s*ALL[^\n]{0,60}>{1,2}|>{1,2}\s*[\"']?/etc/(?:sudoers(?:\.d/\S+)?|passwd|shadow)\b",
    ),
    _behaviour(
        "setuid-grant", "lets a program run with its owner's rights",
        "chmod setcap",
        r"\bchmod\s+(?:-\w+\s+)*(?:[ug]*\+\w*s\w*|0?[4267][0-7]{3})\s+[^\n;|&]{1,80}|\bsetcap\s+[\"']?cap_(?:setuid|sys_admin|sys_ptrace|dac_\w+)\S*",
    ),
    _behaviour(
        "trace-removal", "wipes the history or the logs",
        "history HISTFILE /var/log HISTSIZE shred·",
        r"\bhistory\s+-\w*c\w*\b|\bunset\s+HISTFILE\b|\bHISTFILE=(?:/dev/null|[\"']{2}|$)|\bHISTSIZE=0\b"
        r"|\brm\s+-\w+\s[^\n;|&]{0,80}?\.(?:bash|zsh|mysql)_history|\bln\s+-\w+\s+/dev/null\s[^\n;|&]{0,60}_history"
        r"|(?:\bcat\s+/dev/null\s*|\becho\s*(?:-n\s*)?(?:\"\"|'')?\s*|^\s*|[;&|]\s*):?\s*>\s*/var/log/(?:wtmp|btmp|lastlog|auth|secure|syslog|messages|audit)\S*"
        r"|\bshred\b[^\n;|&]{0,80}",
    ),
    _behaviour(
        "run-from-temp", "makes something in a temporary folder executable",
        "chmod /tmp/ /var/tmp /dev/shm",
        rf"\bchmod\s+(?:-\w+\s+)*(?:[ugoa]*\+\w*x\w*|0?[0-7]?[1357][0-7]{{2}})\s+[^\n;|&]{{0,60}}?{_TEMP}/[^\s;|&]+"
        rf"|\bcd\s+{_TEMP}\b[^\n]{{0,200}}?\bchmod\s+(?:\+x|0?7[0-7]{{2}})\b[^\n]{{0,120}}?\./[\w.]+",
    ),
    _behaviour(
        "kill-rivals", "stops other miners or bots",
        "pkill killall xmrig kinsing kdevtmpfsi minerd stratum",
        r"\b(?:pkill|killall)\s[^\n;|&]{0,60}?(?:xmrig|xmr|minerd|kinsing|kdevtmpfsi|kthreaddk|cryptonight|sysupdate|networkservice|watchbog|ddgs|masscan|minergate)"
        r"|\bgrep\b[^\n]{0,60}?(?:xmrig|kinsing|kdevtmpfsi|minerd|cryptonight|stratum)[^\n]{0,160}?\bkill\b",
    ),
    _behaviour(
        "weaken-defence", "switches off something that protects the host",
        "setenforce iptables ufw apparmor nmi_watchdog aliyun aegis YunJing qcloud auditd firewalld falco",
        r"\bsetenforce\s+0\b|\biptables\s+-(?:F|P\s+INPUT\s+ACCEPT)\b|\bufw\s+disable\b"
        r"|\b(?:systemctl|service)\s+(?:stop|disable|mask)\s+[^\n;|&]{0,40}?(?:apparmor|auditd|firewalld|falco|aliyun|aegis|cloudmonitor|qcloud)"
        r"|\bservice\s+(?:apparmor|auditd|firewalld|aliyun\S*)\s+stop|/usr/local/(?:aegis|qcloud)/|YunJing|kernel\.nmi_watchdog\s*=\s*0|nmi_watchdog=0",
    ),
    _behaviour(
        "immutable", "makes a file unchangeable, or changeable again",
        "chattr tntrecht",
        r"\b(?:chattr|tntrecht)\s+(?:-R\s+)?[+-][aeiu]{1,4}\s[^\n;|&]{1,80}",
    ),
    _behaviour(
        "hidden-place", "keeps something in a hidden place",
        "/.../ /tmp/. /shm/. /lib/. /bin/. /etc/. /var/.",
        r"(?:/tmp|/var/tmp|/dev/shm|/usr/lib|/usr/bin|/etc|/var)/\.(?!X11|ICE|font|Test|XIM|pwd|updated|\.|java|git)[\w.-]+[^\s;|&\"']{0,60}|/\.\.\./\S*",
    ),
    _behaviour(
        "background", "leaves something running behind its back",
        "nohup setsid disown daemonize",
        r"\b(?:nohup|setsid)\s[^\n]{1,200}?&(?!&)|\bdisown\b",
    ),
    _behaviour(
        "container-escape", "reaches for the host from inside a container",
        "release_agent nsenter docker.sock chroot core_pattern -v·/:/ -v=/:/ volume",
        r"\brelease_agent\b|\bnsenter\s[^\n;|&]{0,60}?(?:-t\s*1\b|--target[\s=]1\b)|\bchroot\s+[\"']?/(?:host|mnt)\b[^\n;|&]{0,60}"
        r"|\s(?:-v|--volume)[\s=][\"']?/:/\w+[^\n]{0,80}|docker\.sock[^\n]{0,80}?/containers/create|>\s*/proc/sys/kernel/core_pattern",
    ),
    _behaviour(
        "scan-network", "looks for other machines to enter",
        "masscan zgrab pnscan nmap",
        r"\b(?:masscan|zgrab2?|pnscan)\s+(?:-\S+\s+){0,6}\S[^\n;|&]{0,100}|\bnmap\s[^\n;|&]{0,60}?-p\s*(?:2375|2376|4243|6379|10250|22)\b[^\n;|&]{0,40}",
    ),
    _behaviour(
        "mining", "mines, or speaks to a mining pool",
        "stratum+ xmrig --donate-level nr_hugepages minerd",
        r"stratum\+(?:tcp|ssl|tls)://[^\s\"']+|\bxmrig\b[^\n;|&]{0,80}|--donate-level[\s=]\d+|\bminerd\s+-a\s+\S+|vm\.nr_hugepages\s*=\s*\$?\d*",
    ),
    _behaviour(
        "raw-address", "uses a bare address where a host name would stand",
        "http://",
        r"http://(?!(?:127|10|0|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.)\d{1,3}(?:\.\d{1,3}){3}(?::\d{2,5})?/[^\s\"';|&)]*",
    ),
    _behaviour(
        "in-memory", "runs code that never lies in a file",
        "memfd_create fexecve ctypes.CDLL",
        r"\bmemfd_create\b[^\n]{0,60}|\bfexecve\b",
    ),
    _behaviour(
        "publish", "publishes a package",
        "npm·publish twine·upload publish\" publish'",
        r"\bnpm\s+publish\b[^\n;|&]{0,60}|[\"']npm[\"']\s*,\s*\[\s*[\"']publish[\"']|\btwine\s+upload\b[^\n;|&]{0,60}",
    ),
    _behaviour(
        "tunnel", "opens a way in or hides the way out",
        "torsocks proxychains ngrok cloudflared .onion frpc chisel",
        r"\b(?:torsocks|proxychains[4]?|torify)\s[^\n;|&]{1,80}|\bngrok\s+(?:tcp|http)\b|\bcloudflared\s+tunnel\b[^\n;|&]{0,60}"
        r"|\b[a-z2-7]{16}(?:[a-z2-7]{40})?\.onion\b|\bchisel\s+client\b|\bfrpc\s+-c\b",
    ),
)  # fmt: skip

BEHAVIOURS = {each.id: each for each in _ALL}
"""Every behaviour by its id, which is `MatchedString.identifier` in `ScriptFacts.behaviours`."""


class Observed(msgspec.Struct, frozen=True):
    """What was seen, in the order of the text; `crowded` are behaviours with too many places to look at."""

    behaviours: tuple[MatchedString, ...]
    crowded: tuple[str, ...]


def observe(text: bytes, wanted: Mapping[str, tuple[bytes, ...]] | None = None) -> Observed:
    """The behaviours in `text`; only those in `wanted`, when given, and by these of their needles alone."""
    found: list[MatchedString] = []
    crowded = []
    for behaviour in _ALL:
        if wanted is not None and behaviour.id not in wanted:
            continue
        places, more = _places(text, behaviour.needles if wanted is None else wanted[behaviour.id])
        if more:
            crowded.append(behaviour.id)
        found += islice(_matches(text, behaviour, places), MAX_SHOWN)
    found.sort(key=lambda match: (match.offset, match.identifier))
    return Observed(tuple(found), tuple(crowded))


def _places(text: bytes, needles: tuple[bytes, ...]) -> tuple[list[int], bool]:
    """Where needles begin a word, in order, and whether there are more than `MAX_PLACES`."""
    places: list[int] = []
    for needle in needles:
        word = needle[:1].isalnum()
        at = text.find(needle)
        while at >= 0 and len(places) <= MAX_PLACES:
            if not (word and text[at - 1 : at].isalnum()):
                places.append(at)
            at = text.find(needle, at + len(needle))
    return sorted(places)[:MAX_PLACES], len(places) > MAX_PLACES


def _stretches(text: bytes, places: list[int]) -> Iterator[tuple[int, int]]:
    """The surroundings of the places; those that overlap are one, so that a crowd is not searched twice."""
    start, end = 0, -1
    for place in places:
        line = max(0, text.rfind(b"\n", max(0, place - BEFORE), place) + 1, place - BEFORE)
        if line < end and place + REACH - start <= STRETCH:
            end = place + REACH
            continue
        if end >= 0:
            yield start, end
        start, end = line, place + REACH
    if end >= 0:
        yield start, end


def _matches(text: bytes, behaviour: Behaviour, places: list[int]) -> Iterator[MatchedString]:
    done = 0
    for start, end in _stretches(text, places):
        if behaviour.signs and not any(text.find(sign, start, end) >= 0 for sign in behaviour.signs):
            continue
        found = behaviour.pattern.search(text, max(start, done), end)
        while found is not None:
            done = max(found.end(), found.start() + 1)
            yield MatchedString(behaviour.id, found.start(), len(found[0]), shown_text(found[0]))
            found = behaviour.pattern.search(text, done, end)


def shown_text(text: bytes) -> str:
    """`text` as evidence shows it: one line, printable, of at most `SHOWN_TEXT` characters."""
    return printable(b" ".join(text[: 4 * SHOWN_TEXT].split()))[:SHOWN_TEXT]
