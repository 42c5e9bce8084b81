rule escalation_release_agent {
  meta:
    id = "privilege-escalation/release-agent"
    title = "Container escape through a control group's release agent"
    severity = "critical"
    category = "privilege-escalation"
    confidence = "high"
    attack = "T1611"
    references = "https://attack.mitre.org/techniques/T1611/ https://nvd.nist.gov/vuln/detail/CVE-2022-0492"
    explanation = "The text sets the program that the kernel starts, on the host and as root, when a control group becomes empty."
    alternatives = "A test of the defence against it."
    remediation = "Do not run the image with privileges. Check hosts on which it ran."
  strings:
    $agent1 = /(>|tee|echo [^\n]{0,120})[^\n]{0,60}release_agent/
    $agent2 = /open\([^\n]{0,80}release_agent["'][^\n]{0,20}["']w/
    $notify = "notify_on_release"
    $mount = /mount {1,2}-t {1,2}cgroup/
  condition:
    filesize < 512KB and program_text and any of ($agent*) and ($notify or $mount)
}

rule escalation_host_namespace {
  meta:
    id = "privilege-escalation/host-namespace"
    title = "Enters the host's namespaces"
    severity = "high"
    category = "privilege-escalation"
    confidence = "medium"
    attack = "T1611"
    references = "https://attack.mitre.org/techniques/T1611/"
    explanation = "A script joins the namespaces of process 1 and starts a shell or command there: outside the container, as root on the host."
    alternatives = "A node agent or a debugging image whose purpose it is."
    remediation = "Do not give the image the host's process namespace. Check hosts on which it ran."
  strings:
    $enter = /nsenter {1,2}[^\n;&|]{0,60}(-t {0,2}1|--target[ =]1)\b[^\n;&|]{0,80}/
  condition:
    filesize < 256KB and program_text and $enter
}

rule escalation_host_mount {
  meta:
    id = "privilege-escalation/host-mount"
    title = "Starts a container that holds the host's root folder"
    severity = "high"
    category = "privilege-escalation"
    confidence = "high"
    attack = "T1611, T1610"
    references = "https://attack.mitre.org/techniques/T1610/"
    explanation = "The text asks a container engine for a container with the whole file system of the host, or for one with all privileges that changes root into it: full control of the host."
    alternatives = "A node agent's manifest; those mount single folders."
    remediation = "Find out which engine it reaches. Check hosts on which it ran for changes outside the container."
  strings:
    $run1 = /docker [^\n]{0,200}\brun [^\n]{0,240}(-v|--volume)[ =]["']?\/:\/\w{1,30}[^\n]{0,240}(chroot|--privileged|\bsh\b|bash)/
    $run2 = /docker [^\n]{0,200}\brun [^\n]{0,240}--privileged[^\n]{0,240}(-v|--volume)[ =]["']?\/:\/\w{1,30}/
    $interface1 = /\/containers\/create/
    $interface2 = /"Binds"\s?:\s?\[\s?"\/:\/\w{1,30}/
    $interface3 = /\\"Binds\\"\s?:\s?\[\s?\\"\/:\/\w{1,30}/
    $remote = /(docker -H|DOCKER_HOST=)[ "']{0,2}tcp:\/\/[^\s]{3,80}[^\n]{0,40}\brun [^\n]{0,240}(-v|--volume)[ =]["']?\/:\//
  condition:
    filesize < 512KB and program_text and (any of ($run*) or $remote or ($interface1 and any of ($interface2, $interface3)))
}

rule escalation_host_root {
  meta:
    id = "privilege-escalation/host-root"
    title = "Changes files of the host from a container"
    severity = "high"
    category = "privilege-escalation"
    confidence = "medium"
    attack = "T1611"
    references = "https://attack.mitre.org/techniques/T1611/"
    explanation = "A script writes keys, jobs or accounts into a host's file system that is mounted in the container."
    alternatives = "A node installer, which places its own binary and configuration only."
    remediation = "Check hosts on which it ran for the files that it names."
  strings:
    $write = /(>{1,2}|tee( -a)?|cp [^\n;&|]{1,80}|mv [^\n;&|]{1,80}) {0,2}["']?\/(host|mnt|hostfs|rootfs|mnt\/host|host_root)\/(root\/\.ssh\/authorized_keys|home\/[^\s]{1,40}\/\.ssh\/authorized_keys|etc\/(cron[\w.\/-]*|passwd|shadow|sudoers|ld\.so\.preload|systemd\/system\/|rc\.local|profile)|var\/spool\/cron)/
    $root = /chroot {1,2}["']?\/(host|mnt|hostfs|rootfs|mnt\/host|host_root)["'\/]? [^\n]{0,60}(crontab|useradd|\/bin\/(ba)?sh|authorized_keys|curl|wget|systemctl)/
  condition:
    filesize < 256KB and program_text and any of them
}

rule escalation_core_pattern {
  meta:
    id = "privilege-escalation/core-pattern"
    title = "Container escape through the kernel's helper programs"
    severity = "critical"
    category = "privilege-escalation"
    confidence = "high"
    attack = "T1611"
    references = "https://attack.mitre.org/techniques/T1611/ https://man7.org/linux/man-pages/man5/core.5.html"
    explanation = "A script names a program of its own that the kernel will start on the host as root: for core dumps, for modules or for device events."
    alternatives = "A crash reporter's set-up on a host, which has no business in an image."
    remediation = "Do not run the image with privileges. Check hosts on which it ran."
  strings:
    $write1 = /(echo|printf) [^\n]{0,40}\|[^\n]{1,160}> {0,2}["']?\/proc\/sys\/kernel\/core_pattern/
    $write2 = /(echo|printf) [^\n]{1,160}> {0,2}["']?\/proc\/sys\/kernel\/modprobe/
    $write3 = /(echo|printf) [^\n]{1,160}> {0,2}["']?\/sys\/kernel\/uevent_helper/
    $upper = /(upperdir=|overlay[^\n]{0,80}upper|perdir=)/
  condition:
    filesize < 256KB and program_text and (any of ($write2, $write3) or ($write1 and ($upper or not shebang or #write1 > 0)))
}

rule escalation_setuid_shell {
  meta:
    id = "privilege-escalation/setuid-shell"
    title = "Script that keeps a root shell for later"
    severity = "critical"
    category = "privilege-escalation"
    confidence = "high"
    attack = "T1548.001"
    references = "https://attack.mitre.org/techniques/T1548/001/"
    explanation = "A script gives a shell, or a copy of one, its owner's rights: whoever starts it is root."
    alternatives = "None in an image."
    remediation = "Remove the file; look for how it was used."
  strings:
    $direct = /chmod {1,2}(-\w {1,2})?([u]?\+s|[ugo]{0,2}\+\w{0,2}s\w{0,2}|[46]7[0-7]{2}) {1,2}["']?(\/usr)?\/bin\/(ba|da|z|k)?sh\b/
    $copy = /cp {1,2}(-\w{1,3} {1,2})?(\/usr)?\/bin\/(ba|da|z|k)?sh {1,2}["']?([^\s;&|"']{2,80})[^\n]{0,20}(;|&&|\n)[^\n]{0,80}(\n[^\n]{0,80})?chmod {1,2}([ugo]{0,2}\+\w{0,2}s|[46]7[0-7]{2}) /
  condition:
    filesize < 256KB and program_text and any of them
}

rule escalation_toolkit {
  meta:
    id = "privilege-escalation/toolkit"
    title = "Tool for breaking out of containers or rising to root"
    severity = "high"
    category = "privilege-escalation"
    confidence = "high"
    attack = "T1588.002, T1611"
    references = "https://attack.mitre.org/techniques/T1588/002/"
    explanation = "The content is, or carries, one of the well-known tools that look for ways out of a container or up to root."
    alternatives = "An image for penetration tests that says so."
    remediation = "Unless that is what the image is for, do not run it."
  strings:
    $deepce1 = "Docker Enumeration, Escalation of Privileges and Container Escapes"
    $deepce2 = "stealthcopter"
    $linpeas1 = "linpeas" nocase fullword
    $linpeas2 = "peass-ng" nocase
    $cdk1 = "github.com/cdk-team/CDK"
    $peirates1 = "github.com/inguardians/peirates"
    $peirates2 = "Peirates:>"
    $botb1 = "github.com/brompwnie/botb"
    $lse1 = "linux-smart-enumeration" nocase
    $les1 = "linux-exploit-suggester" nocase
    $pwnkit = "PwnKit" fullword
    $dirty = "DirtyCow" nocase fullword
    $kube1 = "github.com/4ARMED/kubeletmein"
  condition:
    filesize < 64MB and (elf or program_text) and not indicator_list and (
      all of ($deepce*) or all of ($linpeas*) or $cdk1 or any of ($peirates*) or $botb1 or $kube1
      or 2 of ($lse1, $les1, $pwnkit, $dirty)
    )
}
