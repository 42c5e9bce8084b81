"""Which programs may run with more rights, and which must never."""

from __future__ import annotations

import re

USUALLY_SET_ID = frozenset(
    {
        # Accounts and sessions: shadow, util-linux, login, pam, sudo, policykit, consolekit, Kerberos.
        "auth_pam_tool", "bbsuid", "beesu", "bsd-write", "calife", "cgexec", "chage", "chfn", "chkpwd",
        "chsh", "cockpit-session", "doas", "expiry", "gpasswd", "kcheckpass", "kdesud", "krb5_child",
        "ksu", "ldap_child", "login", "newgidmap", "newgrp", "newrole", "newuidmap", "opiepasswd",
        "opiesu", "otpw-gen", "p11_child", "pam_extrausers_chkpwd", "pam_timestamp_check", "passwd",
        "physlock", "pkexec", "please", "pleaseedit", "polkit-agent-helper-1", "proxy_child",
        "selinux_child", "seunshare", "sg", "slock", "su", "su-rs", "sudo", "sudo-rs", "sudoedit",
        "sudoreplay", "super", "unix_chkpwd", "unix_update", "userhelper", "usernetctl", "userv",
        "utempter", "vigr", "vipw", "visudo-rs", "vlock", "vlock-main", "wall", "write", "write.ul",
        "xlock", "xscreensaver-auth",
        # Remote access, mail, news, printing, jobs.
        "at", "camel-lock-helper-1.2", "cronnext", "crontab", "crontab_setgid", "cu", "deliver", "dma",
        "dma-mbox-create", "dotlockfile", "exim", "exim4", "fcrondyn", "fcronsighup", "fcrontab",
        "incrontab", "inews", "innbind", "lockfile", "lockspool", "lppasswd", "maidag", "mail-lock",
        "mail-touchlock", "mail-unlock", "maildrop", "mailq", "msmtp", "mutt_dotlock", "nullmailer-queue",
        "nullmailer-send", "postdrop", "postqueue", "procmail", "qmail-queue", "rnews", "sendmail",
        "sensible-mda", "ssh-agent", "ssh-keysign", "ssmtp", "suexec", "suexec-custom",
        "suexec-pristine", "uucico", "uucp", "uuname", "uustat", "uux", "uuxqt",
        # Network.
        "arping", "authbind-helper", "check_dhcp", "check_icmp", "clockdiff", "dumpcap", "fping",
        "fping6", "helper", "isdnlog", "kismet_cap_linux_bluetooth", "kismet_cap_linux_wifi",
        "lxc-user-nic", "mtr", "mtr-packet", "netreport", "ping", "ping4", "ping6", "pppd",
        "pppoe-wrapper", "qemu-bridge-helper", "rcp", "rlogin", "rsh", "tcptraceroute", "traceroute",
        "traceroute6", "traceroute6.iputils",
        # Desktop, file systems, devices, containers, backups.
        "ambind", "ambsdtar", "amgtar", "amstar", "bwrap", "calcsize", "chrome-sandbox", "cryptmount",
        "dbus-daemon-launch-helper", "dumper", "enlightenment_ckpasswd", "enlightenment_sys",
        "enlightenment_system", "firejail", "flatpak-bwrap", "fusermount", "fusermount-glusterfs",
        "fusermount3", "gnome-pty-helper", "gst-ptp-helper", "killpgrp", "locate", "mlocate", "mount",
        "mount.cifs", "mount.davfs", "mount.ecryptfs_private", "mount.nfs", "mount.smb3", "ncpmount",
        "ncpumount", "ntfs-3g", "nvidia-modprobe", "planner", "plocate", "pmount", "pt_chown",
        "pumount", "rundump", "runtar", "screen", "singularity", "slocate", "smbmnt", "snap-confine",
        "snap-update-ns", "spice-client-glib-usb-acl-helper", "staprun", "starter-suid", "udevil",
        "umount", "umount.ecryptfs_private", "umount.nfs", "umount.udisks2", "VBoxHeadless",
        "VBoxNetAdpCtl", "VBoxNetDHCP", "VBoxNetNAT", "VBoxSDL", "VBoxVolInfo", "VirtualBoxVM",
        "vmware-user-suid-wrapper", "Xorg", "Xorg.wrap", "xterm", "Xvfb", "zulucrypt-cli",
        "zuluMount-cli",
    }
)  # fmt: skip
"""Programs that distributions ship set-user-ID or set-group-ID (Debian, Ubuntu, Fedora, SUSE, Alpine)."""

_SHELL = re.compile(r"(ba|da|a|z|k|mk|c|tc|fi|r?ba)?sh(\.\w+)?|busybox|toybox|sash|static-sh")
_INTERPRETER = re.compile(r"(python|pypy|perl|ruby|node|nodejs|php|lua|luajit|tclsh|expect|pwsh|java)[\d.-]*")
_GIVES_SHELL = frozenset(
    {
        "aa-exec", "agetty", "ar", "aria2c", "arj", "arp", "as", "ascii-xfr", "aspell", "atobm", "awk",
        "base32", "base64", "basenc", "basez", "bc", "bridge", "busctl", "bzip2", "cabal", "capsh",
        "cat", "chmod", "choom", "chown", "chroot", "cmp", "column", "comm", "cp", "cpio", "cpulimit",
        "csplit", "csvtool", "curl", "cut", "date", "dd", "debugfs", "dialog", "diff", "dig", "distcc",
        "dmsetup", "docker", "ed", "efax", "elvish", "emacs", "env", "eqn", "expand", "file", "find",
        "flock", "fmt", "fold", "gawk", "gcore", "gdb", "genisoimage", "git", "gtester", "gzip", "hd",
        "head", "hexdump", "hping3", "iconv", "install", "ionice", "ip", "ispell", "jjs", "join", "jq",
        "jrunscript", "kubectl", "ld.so", "less", "links", "ln", "logsave", "look", "make", "man",
        "mawk", "minicom", "more", "msgattrib", "msgcat", "msgconv", "msgfilter", "msgmerge", "msguniq",
        "multitime", "mv", "nano", "nasm", "nawk", "nc", "ncat", "ncftp", "nft", "nice", "nl", "nm",
        "nmap", "nohup", "nsenter", "ntpdate", "od", "openssl", "openvpn", "pandoc", "paste", "perf",
        "pexec", "pg", "pidstat", "pr", "ptx", "rc", "readelf", "restic", "rev", "rlwrap", "rsync",
        "rtorrent", "run-parts", "rview", "rvim", "scanmem", "scp", "screen", "script", "sed",
        "setarch", "setfacl", "setlock", "shuf", "socat", "soelim", "softlimit", "sort", "sqlite3", "ss",
        "ssh", "ssh-keygen", "ssh-keyscan", "sshpass", "start-stop-daemon", "stdbuf", "strace",
        "strings",
        "sysctl", "systemctl", "tac", "tail", "tar", "taskset", "tbl", "tcpdump", "tee", "terraform",
        "tftp", "tic", "time", "timeout", "tmux", "troff", "ul", "unexpand", "uniq", "unshare",
        "unsquashfs", "unzip", "update-alternatives", "uudecode", "uuencode", "vi", "view", "vim",
        "vim.basic", "vim.nox", "vim.tiny", "vimdiff", "w3m", "watch", "wc", "wget", "whiptail",
        "xargs", "xmodmap", "xmore", "xxd", "xz", "yash", "zip", "zsoelim",
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
