"""The written list of by-products: files that no package claims although installing packages makes them.

A rule has paths, a reason, and a condition on what it finds there. No rule explains a program or script, or
a file that may be executed, unless its condition looks at who owns the content: a folder alone excuses
nothing that runs. The first rule whose condition holds gives its id to the verdict.
"""

from __future__ import annotations

import re

from forensics.sbom import _conditions as when
from forensics.sbom._byproduct import ByProduct
from forensics.sbom._site import Site

_SYSTEM_FOLDERS = tuple(
    f"{prefix}/{name}"
    for prefix in ("", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32")
)

BY_PRODUCTS: tuple[ByProduct, ...] = (
    # ---- package databases -----------------------------------------------------------------------------
    ByProduct(
        "dpkg-database",
        r"/var/lib/dpkg/(?:(?:arch|available|cmethopt|diversions|lock|lock-frontend|methlock|statoverride|status)"
        r"(?:-old)?|(?:alternatives|parts|triggers|updates|status\.d)/[^/]+|info/format"
        r"|info/[^/]+\.(?:list|md5sums|conffiles|shlibs|symbols|templates|triggers))",
        "dpkg keeps what is installed here",
    ),
    ByProduct(
        "dpkg-maintainer-script",
        r"/var/lib/dpkg/info/[^/]+\.(?:preinst|postinst|prerm|postrm|config)",
        "dpkg keeps the scripts of installed packages here",
        when.is_maintainer_script,
        programs=True,
    ),
    ByProduct(
        "apk-database",
        r"/(?:usr/)?lib/apk/db/(?:installed|lock|scripts\.tar(?:\.gz)?|triggers)(?:\.new)?"
        r"|/etc/apk/(?:arch|world|repositories|protected_paths\.d/[^/]+\.list)|/etc/secfixes\.d/[a-z]+",
        "apk keeps what is installed and wanted here",
    ),
    ByProduct(
        "apt-state",
        r"/var/lib/apt/(?:extended_states|daily_lock|cdroms\.list|periodic/[^/]+|lists/(?:partial/)?[^/]+)",
        "apt keeps its lists of packages here",
    ),
    ByProduct(
        "apt-cache",
        r"/var/cache/apt/(?:pkgcache|srcpkgcache)\.bin|/var/cache/apt/archives/(?:partial/)?lock",
        "apt keeps its index here",
    ),
    ByProduct(
        "downloaded-package",
        r"/var/cache/apt/archives/[^/]+\.deb",
        "apt keeps the packages it downloaded here",
        when.starts_with(b"!<arch>\ndebian-binary"),
    ),
    ByProduct(
        "apk-cache",
        r"/var/cache/apk/(?:APKINDEX\.[0-9a-f]+\.tar\.gz|[^/]+\.apk)|/etc/apk/cache",
        "apk keeps indexes and packages it downloaded here",
        when.starts_with(b"\x1f\x8b"),
    ),
    ByProduct(
        "debconf-database",
        r"/var/cache/debconf/[a-z]+\.dat(?:-old)?",
        "debconf keeps its answers here",
    ),
    # ---- links between what packages own ---------------------------------------------------------------
    ByProduct(
        "alternatives",
        r"/etc/alternatives/[^/]+",
        "update-alternatives points to the chosen program",
        when.leads_to_accounted,
    ),
    ByProduct(
        "alternatives",
        r"/(?:usr|bin|sbin|lib|etc|var/lib|opt)/.+",
        "a name that update-alternatives manages",
        when.leads_through_alternatives,
    ),
    ByProduct(
        "busybox-applet",
        r"/(?:usr/)?s?bin/[^/]+|/linuxrc",
        "busybox installs a link for each of its commands",
        when.is_busybox_applet,
        programs=True,
    ),
    ByProduct(
        "merged-usr",
        r"/(?:usr/)?(?:bin|sbin|lib|lib32|lib64|libx32|libo32)",
        "the directories of a merged /usr",
        when.ends_at(*_SYSTEM_FOLDERS),
    ),
    ByProduct(
        "compatibility-link",
        r"/usr/local/man|/var/(?:run|lock|mail)|/var/spool/mail|/usr/(?:man|doc|info)",
        "an old name of a directory",
        when.ends_at(
            "/usr/local/share/man",
            "/run",
            "/run/lock",
            "/var/mail",
            "/var/spool/mail",
            "/usr/share/man",
            "/usr/share/doc",
            "/usr/share/info",
        ),
    ),
    ByProduct(
        "mtab",
        r"/etc/mtab",
        "the mounts of the running system",
        when.leads_to("/proc/mounts", "../proc/mounts", "/proc/self/mounts", "../proc/self/mounts"),
    ),
    ByProduct(
        "device-link",
        r"/dev/(?:fd|stdin|stdout|stderr|core|ptmx)",
        "the standard links of /dev",
        when.leads_to(
            "/proc/self/fd",
            "/proc/self/fd/0",
            "/proc/self/fd/1",
            "/proc/self/fd/2",
            "/proc/kcore",
            "pts/ptmx",
            "/dev/pts/ptmx",
        ),
    ),
    ByProduct(
        "os-release",
        r"/etc/(?:os-release|localtime|timezone)|/etc/dpkg/origins/default",
        "the distribution and time zone in force",
        when.leads_to_accounted,
    ),
    ByProduct(
        "init-link",
        r"/etc/rc[0-6S]\.d/[SK][0-9]{2}[^/]+",
        "update-rc.d starts and stops services",
        when.leads_to_accounted,
    ),
    ByProduct(
        "unit-link",
        r"/etc/systemd/(?:system|user)/(?:[^/]+\.(?:wants|requires|upholds)/)?[^/]+"
        r"\.(?:service|timer|socket|target|path|mount|slice)",
        "systemctl enables, aliases or masks units of packages",
        when.leads_to_accounted_or_null,
    ),
    ByProduct(
        "enabled-configuration",
        r"/etc/(?:fonts/conf\.d|nginx/[a-z]+-enabled|apache2/[a-z]+-enabled|lighttpd/conf-enabled"
        r"|php/[^/]+/[^/]+/conf\.d|sysctl\.d|X11|emacs/site-start\.d)/[^/]+",
        "configuration of a package that is switched on by a link",
        when.leads_to_packaged_content,
    ),
    ByProduct(
        "dictionary-link",
        r"/etc/dictionaries-common/(?:words|default\.(?:aff|hash))|/usr/share/dict/(?:words|extra)",
        "the word list in force",
        when.leads_to_accounted,
    ),
    ByProduct(
        "runit-service",
        r"/etc/runit/runsvdir/default/[^/]+|/etc/service/[^/]+",
        "a service directory that is switched on by a link; what it runs is judged by itself",
        when.ends_at("/etc/sv/"),
    ),
    # ---- certificates ----------------------------------------------------------------------------------
    ByProduct(
        "certificate-link",
        r"/etc/(?:ssl|pki)/certs/(?:[^/]+\.pem|[0-9a-f]{8}\.[0-9]+)|/etc/ssl1?\.?1?/cert\.pem",
        "update-ca-certificates links each certificate a package ships, by name and by hash",
        when.leads_to_accounted,
    ),
    ByProduct(
        "certificate-bundle",
        r"/etc/ssl/certs/ca-certificates\.crt|/etc/ssl/cert\.pem",
        "update-ca-certificates joins the certificates that packages ship",
        when.holds_only_packaged_certificates,
    ),
    ByProduct(
        "java-trust-store",
        r"/etc/ssl/certs/java/cacerts",
        "ca-certificates-java keeps the certificates in Java's form",
        when.starts_with(b"\xfe\xed\xfe\xed", b"\x30\x82", b"\x30\x83"),
    ),
    # ---- accounts, host and administration -------------------------------------------------------------
    ByProduct(
        "accounts",
        r"/etc/(?:passwd|group|shadow|gshadow|subuid|subgid)-?|/etc/\.pwd\.lock|/etc/security/opasswd"
        r"|/etc/shells|/var/lib/shells\.state",
        "adduser, shadow and update-shells keep accounts here",
        whatever_mode=True,
    ),
    ByProduct(
        "host-identity",
        r"/etc/(?:hosts|hostname|resolv\.conf|machine-id|mailname|adjtime|timezone|fstab|networks)"
        r"|/var/lib/dbus/machine-id|/\.dockerenv|/run/\.containerenv",
        "the container's host fills this in",
        whatever_mode=True,
    ),
    ByProduct(
        "empty-settings",
        r"/etc/environment|/etc/apparmor\.d/local/[^/]+",
        "empty until somebody sets something",
        when.is_empty,
    ),
    ByProduct(
        "release-files",
        r"/etc/(?:alpine-release|debian_version|os-release|issue|issue\.net|lsb-release)",
        "written when the image's root file system is made",
    ),
    ByProduct(
        "locale-choice",
        r"/etc/(?:locale\.gen|default/(?:locale|keyboard|console-setup)|hosts\.(?:allow|deny)|mailcap"
        r"|ca-certificates\.conf|python[23]?/debian_config|papersize|inputrc|adduser\.conf"
        r"|sudo_logsrvd\.conf)",
        "written by the maintainer script of the package that reads it",
    ),
    ByProduct(
        "apt-sources",
        r"/etc/apt/sources\.list(?:\.d/(?:debian|ubuntu)\.sources)?",
        "written when the image's root file system is made",
    ),
    ByProduct(
        "container-settings",
        r"/etc/apt/apt\.conf\.d/docker-[a-z-]+|/etc/dpkg/dpkg\.cfg\.d/docker-[a-z-]+",
        "Debian's and Ubuntu's image builders keep package tools small and quiet",
    ),
    ByProduct(
        "policy-rc.d",
        r"/usr/sbin/policy-rc\.d",
        "image builders forbid services to start; the script does nothing but exit",
        when.only_exits,
        programs=True,
    ),
    ByProduct(
        "pam-profiles",
        r"/etc/pam\.d/common-(?:account|auth|password|session|session-noninteractive)"
        r"|/var/lib/pam/(?:account|auth|password|seen|session|session-noninteractive)",
        "pam-auth-update writes these from the profiles of packages",
    ),
    ByProduct(
        "ucf-configuration",
        r"/etc/.+",
        "ucf installed it, and keeps its digest",
        when.is_ucf_configuration,
    ),
    ByProduct(
        "ucf-state",
        r"/var/lib/ucf/(?:hashfile|registry)(?:\.[0-9])?|/var/lib/ucf/cache/[^/]+",
        "ucf keeps its register and what it installed here",
    ),
    ByProduct(
        "copied-template",
        r"/(?:etc|root|var|home)/.+",
        "byte for byte what a package ships elsewhere",
        when.is_packaged_content,
    ),
    ByProduct(
        "ssh-host-key",
        r"/etc/ssh/ssh_host_[a-z0-9]+_key(?:\.pub)?",
        "openssh-server makes the host's keys when it is installed",
        when.starts_with(b"-----BEGIN ", b"ssh-", b"ecdsa-"),
    ),
    ByProduct(
        "snakeoil-certificate",
        r"/etc/ssl/certs/ssl-cert-snakeoil\.pem|/etc/ssl/private/ssl-cert-snakeoil\.key",
        "ssl-cert makes a certificate when it is installed",
        when.starts_with(b"-----BEGIN "),
    ),
    ByProduct(
        "snakeoil-certificate",
        r"/etc/ssl/certs/[0-9a-f]{8}\.[0-9]+",
        "the hash link to that certificate",
        when.leads_to("ssl-cert-snakeoil.pem"),
    ),
    # ---- caches and indexes ----------------------------------------------------------------------------
    ByProduct(
        "ld.so-cache",
        r"/etc/ld\.so\.cache",
        "ldconfig's index of libraries",
        when.starts_with(b"glibc-ld.so.cache", b"ld.so-"),
    ),
    ByProduct(
        "ldconfig-cache",
        r"/var/cache/ldconfig/aux-cache",
        "ldconfig's notes on libraries",
        when.starts_with(b"glibc-ld.so.auxcache"),
    ),
    ByProduct(
        "python-bytecode",
        r"/.+\.py[co]",
        "Python compiled a module that a package owns",
        when.is_bytecode_of_accounted,
    ),
    ByProduct(
        "python-state",
        r"/var/lib/python/[^/]+_(?:installed|already_run)",
        "Debian's Python packages note that they ran",
        when.is_empty,
    ),
    ByProduct(
        "manual-index",
        r"/var/cache/man/(?:[^/]+/)?(?:index\.db|CACHEDIR\.TAG|[0-9]+)|/var/lib/man-db/auto-update",
        "mandb's index of manual pages",
    ),
    ByProduct("info-index", r"/usr/share/info/dir(?:\.old)?", "install-info's table of contents"),
    ByProduct(
        "font-cache",
        r"/var/cache/fontconfig/(?:[0-9a-f-]+-[a-z0-9]+\.cache-[0-9a-z]+|CACHEDIR\.TAG)"
        r"|/usr/share/fonts/(?:.+/)?(?:\.uuid|fonts\.(?:dir|scale|alias|cache-1)|encodings\.dir)",
        "fontconfig's and X's indexes of fonts",
    ),
    ByProduct(
        "mime-cache",
        r"/usr/share/mime/(?:[A-Za-z0-9._-]+|[a-z-]+/[^/]+\.xml)|/usr/share/applications/mimeinfo\.cache",
        "update-mime-database's index of file types",
    ),
    ByProduct("icon-cache", r"/usr/share/icons/[^/]+/icon-theme\.cache", "gtk-update-icon-cache's index"),
    ByProduct(
        "module-cache",
        r"/usr/share/glib-2\.0/schemas/gschemas\.compiled|/usr/lib(?:64)?/(?:.+/)?(?:gconv/gconv-modules\.cache"
        r"|gio/modules/giomodule\.cache|gdk-pixbuf-2\.0/[^/]+/loaders\.cache|gtk-[34]\.0/[^/]+/immodules\.cache)",
        "an index of the modules that lie beside it",
    ),
    ByProduct(
        "locale-data",
        r"/usr/lib/locale/locale-archive|/usr/lib/locale/[^/]+/(?:LC_[A-Z]+|LC_MESSAGES/SYS_LC_MESSAGES)",
        "locale-gen compiles locales",
    ),
    ByProduct(
        "java-class-archive",
        r"/usr/lib/jvm/.+/lib/server/classes(?:_[a-z]+)?\.jsa",
        "the Java runtime that lies beside it dumps its classes when it is installed",
        when.beside_accounted("libjvm.so"),
    ),
    ByProduct(
        "java-preferences",
        r"/etc/\.java/\.systemPrefs/\.system(?:\.lock|RootModFile)",
        "the Java runtime's empty preferences",
        when.is_empty,
    ),
    ByProduct(
        "hardware-database",
        r"/(?:usr/lib|lib|etc)/udev/hwdb\.bin|/var/lib/systemd/catalog/database",
        "systemd compiles its databases",
        when.starts_with(b"KSLPHHRH", b"RHHHKSLP"),
    ),
    ByProduct(
        "systemd-state",
        r"/var/lib/systemd/deb-systemd-(?:user-)?helper-(?:enabled|masked)/.+"
        r"|/(?:etc|var)/\.updated|/var/lib/systemd/(?:random-seed|timers/[^/]+)",
        "Debian's packages note which units they enabled",
    ),
    ByProduct("init-order", r"/etc/init\.d/\.depend\.(?:boot|start|stop)", "insserv's order of services"),
    ByProduct(
        "dictionary-state",
        r"/var/(?:lib|cache)/dictionaries-common/(?:.+/)?[^/]+|/var/lib/(?:ispell|aspell)/[^/]+"
        r"|/etc/dictionaries-common/[a-z-]+",
        "dictionaries-common's choices and compiled word lists",
    ),
    ByProduct(
        "xml-catalog",
        r"/etc/(?:xml|sgml)/[^/]+\.(?:xml|cat)(?:\.old)?|/etc/(?:xml|sgml)/catalog(?:\.old)?"
        r"|/var/lib/(?:xml-core|sgml-base)/[^/]+",
        "xml-core's and sgml-base's registers",
    ),
    # ---- logs ------------------------------------------------------------------------------------------
    ByProduct(
        "installation-log",
        r"/var/log/(?:dpkg|alternatives|bootstrap|fontconfig)\.log|/var/log/apt/(?:history|term|eipp)\.log(?:\.xz)?"
        r"|/var/log/fsck/check(?:fs|root)",
        "what package tools wrote while they ran",
    ),
    ByProduct(
        "login-records",
        r"/var/log/(?:btmp|faillog|lastlog|wtmp|tallylog)",
        "login records of the system",
    ),
    ByProduct(
        "empty-state",
        r"/var/(?:lib|log|cache)/.+",
        "a log that is still empty, or a mark that something was done",
        when.is_empty,
    ),
)

_MATCHERS = tuple(re.compile(rule.paths, re.DOTALL) for rule in BY_PRODUCTS)
_FIRST = re.compile("|".join(f"({rule.paths})" for rule in BY_PRODUCTS), re.DOTALL)
"""The group that matches has the number of the first rule with this path: no rule has groups itself."""


def explain(site: Site) -> str:
    """The id of the first rule that explains the file, empty when none does."""
    found = _FIRST.fullmatch(site.path)
    if found is None:
        return ""
    first = (found.lastindex or 1) - 1
    for number in range(first, len(BY_PRODUCTS)):
        rule = BY_PRODUCTS[number]
        if (number == first or _MATCHERS[number].fullmatch(site.path)) and rule.holds(site):
            return rule.id
    return ""
