"""Which programs may run with more rights, and which must never."""

from __future__ import annotations

import re

USUALLY_SET_ID = frozenset(
    {
        # Accounts and sessions: shadow, util-linux, login, pam, sudo, policykit, consolekit.
        "chage", "chfn", "chsh", "expiry", "gpasswd", "login", "mount", "newgrp", "newgidmap",
        "newuidmap", "pam_extrausers_chkpwd", "pam_timestamp_check", "passwd", "pkexec",
        "polkit-agent-helper-1", "sg", "su", "sudo", "sudoedit", "sudoreplay", "doas", "umount",
        "unix_chkpwd", "unix_update", "userhelper", "usernetctl", "vlock", "vigr", "vipw", "write",
        "write.ul", "bsd-write", "wall", "utempter", "bbsuid", "cgexec",
        # Remote access, mail, printing, jobs.
        "ssh-keysign", "ssh-agent", "at", "crontab", "sendmail", "exim", "exim4", "postdrop",
        "postqueue", "procmail", "lockfile", "dotlockfile", "maidag", "mail-lock", "mail-unlock",
        "mail-touchlock", "nullmailer-queue", "dma", "dma-mbox-create", "lppasswd", "suexec",
        "suexec-pristine", "suexec-custom",
        # Network.
        "arping", "clockdiff", "mtr", "mtr-packet", "ping", "ping4", "ping6", "pppd",
        "pppoe-wrapper", "rcp", "rlogin", "rsh", "traceroute", "traceroute6", "traceroute6.iputils",
        "dumpcap", "authbind-helper", "helper",
        # Desktop, file systems, containers.
        "Xorg", "Xorg.wrap", "chrome-sandbox", "dbus-daemon-launch-helper", "fusermount",
        "fusermount3", "gnome-pty-helper", "gst-ptp-helper", "kcheckpass", "locate", "mlocate",
        "plocate", "slocate", "mount.cifs", "mount.davfs", "mount.ecryptfs_private", "mount.nfs",
        "umount.nfs", "ntfs-3g", "pt_chown", "screen", "snap-confine", "snap-update-ns", "slock",
        "staprun", "udevil", "Xvfb", "xscreensaver-auth", "xterm", "singularity", "starter-suid",
        "netreport", "cockpit-session", "spice-client-glib-usb-acl-helper",
    }
)  # fmt: skip
"""Programs that distributions ship set-user-ID or set-group-ID (Debian, Ubuntu, Fedora, SUSE, Alpine)."""

_SHELL = re.compile(r"(ba|da|a|z|k|mk|c|tc|fi|r?ba)?sh(\.\w+)?|busybox|toybox|sash|static-sh")
_INTERPRETER = re.compile(r"(python|pypy|perl|ruby|node|nodejs|php|lua|luajit|tclsh|expect|pwsh|java)[\d.-]*")
_GIVES_SHELL = frozenset(
    {
        "ar", "awk", "gawk", "mawk", "nawk", "base64", "bzip2", "cat", "chmod", "chown", "chroot",
        "cp", "curl", "dd", "docker", "ed", "emacs", "env", "find", "flock", "gdb", "git", "gzip",
        "head", "ip", "install", "ionice", "ld.so", "less", "ln", "make", "man", "more", "mv",
        "nano", "nc", "ncat", "nice", "nmap", "nohup", "nsenter", "openssl", "rsync", "run-parts",
        "scp", "screen", "script", "sed", "setarch", "socat", "ssh", "stdbuf", "strace",
        "systemctl", "tail", "tar", "taskset", "tcpdump", "tee", "time", "timeout", "tmux",
        "unshare", "vi", "view", "vim", "vim.basic", "vim.tiny", "wget", "xargs", "xxd", "zip",
    }
)  # fmt: skip

CAPABILITIES = (
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
)  # fmt: skip
"""Names by bit number (Linux `include/uapi/linux/capability.h`)."""

ROOT_LIKE = frozenset(
    {
        "chown", "dac_override", "dac_read_search", "fowner", "setgid", "setuid", "setpcap",
        "sys_module", "sys_rawio", "sys_ptrace", "sys_admin", "mknod", "setfcap", "mac_override",
        "mac_admin", "bpf", "linux_immutable", "net_admin", "perfmon", "checkpoint_restore",
        "fsetid", "sys_boot",
    }
)  # fmt: skip
"""Capabilities from which root's rights, or another's files and processes, are one step away."""

USUAL_CAPABILITIES: dict[str, frozenset[str]] = {
    "newuidmap": frozenset({"setuid"}),
    "newgidmap": frozenset({"setgid"}),
    "ping": frozenset({"net_raw", "net_admin"}),
    "arping": frozenset({"net_raw"}),
    "clockdiff": frozenset({"net_raw", "sys_nice"}),
    "mtr-packet": frozenset({"net_raw"}),
    "dumpcap": frozenset({"net_raw", "net_admin"}),
    "gst-ptp-helper": frozenset({"net_bind_service", "net_admin", "sys_nice"}),
    "snap-confine": frozenset(CAPABILITIES),
    "suexec": frozenset({"setgid", "setuid"}),
}
"""What distributions grant to programs of these names."""


def is_shell_or_interpreter(name: str) -> bool:
    """Whether a program of this name runs any commands it is given."""
    return _SHELL.fullmatch(name) is not None or _INTERPRETER.fullmatch(name) is not None


def gives_root(name: str) -> bool:
    """Whether a program of this name, run with root's rights, lets its user read, write or run anything."""
    return is_shell_or_interpreter(name) or name in _GIVES_SHELL or name.startswith(("ld-linux", "ld-musl"))
