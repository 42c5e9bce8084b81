rule evasion_history {
  meta:
    id = "defense-evasion/history"
    title = "Script that wipes the shell's history"
    severity = "medium"
    category = "defense-evasion"
    confidence = "medium"
    attack = "T1070.003"
    references = "https://attack.mitre.org/techniques/T1070/003/"
    explanation = "A script clears the record of typed commands or keeps it from being written. In a container nobody has a history worth protecting but an intruder."
    alternatives = "The clean-up at the end of the making of a machine image."
    remediation = "Look at what else the script does."
  strings:
    $wipe1 = /(\n|;|&&) {0,8}history {1,2}-\w{0,2}c/
    $wipe2 = /unset {1,2}HISTFILE/
    $wipe3 = /HISTFILE=(\/dev\/null|["']{2}|[\n;])/
    $wipe4 = /HISTSIZE=0\b/
    $wipe5 = /rm {1,2}-\w{1,3} [^\n;&]{0,80}\.(bash|zsh)_history/
    $wipe6 = /ln {1,2}-\w{1,3} {1,2}\/dev\/null [^\n;&]{0,60}\.(bash|zsh)_history/
    $wipe7 = /(cat {1,2}\/dev\/null|echo|:|true)[^\n;&]{0,6}> {0,2}[^\n;&]{0,40}\.(bash|zsh)_history/
  condition:
    filesize < 256KB and program_text and any of them
}

rule evasion_logs {
  meta:
    id = "defense-evasion/logs"
    title = "Script that empties the records of logins"
    severity = "high"
    category = "defense-evasion"
    confidence = "medium"
    attack = "T1070.002"
    references = "https://attack.mitre.org/techniques/T1070/002/"
    explanation = "A script empties or removes several of the files in which a system records logins and events."
    alternatives = "The clean-up at the end of the making of a machine image."
    remediation = "Look at what else the script does."
  strings:
    $log1 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/log\/wtmp/
    $log2 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/log\/btmp/
    $log3 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/log\/lastlog/
    $log4 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/log\/(secure|auth\.log)/
    $log5 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/log\/(syslog|messages)/
    $log6 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/log\/audit/
    $log7 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/spool\/mail\/root/
    $log8 = /(>|rm -\w{1,3}|truncate -s ?0|shred [^\n]{0,30}|cat \/dev\/null >) {0,2}["']?\/var\/log\/cron/
  condition:
    filesize < 256KB and program_text and 3 of them
}

rule evasion_rival_killing {
  meta:
    id = "defense-evasion/rival-killing"
    title = "Script that kills rival miners"
    severity = "high"
    category = "miner"
    confidence = "high"
    attack = "T1489, T1496"
    references = "https://attack.mitre.org/techniques/T1489/"
    explanation = "A script kills processes by the names of several known miners and bots: it wants the processor for itself."
    alternatives = "A cleaning script of an administrator."
    remediation = "Do not run the image; look for the miner it brings or fetches."
  strings:
    $kill1 = "pkill" fullword
    $kill2 = "killall" fullword
    $kill3 = /xargs [^\n]{0,30}kill/
    $kill4 = "kill -9"
    $rival1 = "kinsing" fullword
    $rival2 = "kdevtmpfsi" fullword
    $rival3 = "xmrig" fullword
    $rival4 = "minerd" fullword
    $rival5 = "cryptonight" fullword
    $rival6 = "ddgs" fullword
    $rival7 = "watchbog" fullword
    $rival8 = "networkservice" fullword
    $rival9 = "sysupdate" fullword
    $rival10 = "kthreaddk" fullword
    $rival11 = "minergate" fullword
    $rival12 = "xmr-stak" 
    $rival13 = "pool.minexmr" 
    $rival14 = "supportxmr" 
    $rival15 = "wnTKYg" 
    $rival16 = "solrd" fullword
    $rival17 = "perfctl" fullword
    $rival18 = "stratum" fullword
  condition:
    filesize < 512KB and program_text and any of ($kill*) and 3 of ($rival*)
}

rule evasion_agent_removal {
  meta:
    id = "defense-evasion/agent-removal"
    title = "Script that removes a cloud's security agent"
    severity = "high"
    category = "defense-evasion"
    confidence = "high"
    attack = "T1562.001"
    references = "https://attack.mitre.org/techniques/T1562/001/"
    explanation = "A script stops or uninstalls the monitoring that a cloud provider puts on its machines. Cryptojacking campaigns begin like this."
    alternatives = "A provider's own uninstaller."
    remediation = "Do not run the image; look at what the script does next."
  strings:
    $agent1 = "update.aegis.aliyun.com" nocase
    $agent2 = "/usr/local/aegis" 
    $agent3 = "/usr/local/qcloud" 
    $agent4 = "YunJing" 
    $agent5 = "aliyun-service" 
    $agent6 = "/usr/local/cloudmonitor"
    $agent7 = "bcm-agent"
    $agent8 = "quartz_uninstall"
    $agent9 = "AliYunDun"
    $agent10 = "hostguard" fullword
    $remove1 = "rm -rf"
    $remove2 = /(systemctl|service|chkconfig) [^\n]{0,60}(stop|disable|off)/
    $remove3 = "uninstall"
    $remove4 = /(pkill|killall|kill -9)/
  condition:
    filesize < 512KB and program_text and any of ($agent*) and 2 of ($remove*)
}

rule evasion_protection_off {
  meta:
    id = "defense-evasion/protection-off"
    title = "Script that switches protections off"
    severity = "medium"
    category = "defense-evasion"
    confidence = "medium"
    attack = "T1562.001, T1562.004"
    references = "https://attack.mitre.org/techniques/T1562/004/"
    explanation = "A script switches off several protections of the host: mandatory access control, the firewall, the watchdog."
    alternatives = "The set-up of a test machine."
    remediation = "Look at what else the script does."
  strings:
    $off1 = /setenforce {1,2}0/
    $off2 = /SELINUX=disabled/
    $off3 = /iptables {1,2}-F\b/
    $off4 = /iptables {1,2}-P {1,2}INPUT {1,2}ACCEPT/
    $off5 = /ufw {1,2}disable/
    $off6 = /(systemctl|service) [^\n]{0,40}(stop|disable)[^\n]{0,40}(apparmor|auditd|firewalld|falco)/
    $off7 = /nmi_watchdog/
    $off8 = /(service|systemctl) {1,2}(apparmor|auditd|firewalld|iptables) {1,2}stop/
    $off9 = /aa-teardown/
  condition:
    filesize < 256KB and program_text and 3 of them
}

rule evasion_immutable {
  meta:
    id = "defense-evasion/immutable"
    title = "Script that locks what it planted"
    severity = "high"
    category = "defense-evasion"
    confidence = "high"
    attack = "T1222.002"
    references = "https://attack.mitre.org/techniques/T1222/002/"
    explanation = "A script makes a crontab, a key file or a loader file unchangeable, or unlocks it to write: so that nobody, and no rival, removes what it planted."
    alternatives = "A hardening guide's script; that locks system files, not jobs and keys."
    remediation = "Remove the attribute and the planted file; look for what it keeps alive."
  strings:
    $lock = /(chattr|tntrecht) {1,2}(-R {1,2})?[+-][aeiu]{1,4} {1,2}[^\n;&|]{0,80}(\/etc\/cron|\/var\/spool\/cron|authorized_keys|ld\.so\.preload|\/root\/\.ssh|\/etc\/passwd|\/etc\/shadow|\/tmp\/|\/etc\/hosts|\/etc\/init\.d)/
    $rename = /(mv|cp) [^\n;&|]{0,40}\/chattr {1,2}[^\n;&|]{1,60}/
  condition:
    filesize < 512KB and program_text and any of them
}

rule evasion_upx_packed {
  meta:
    id = "defense-evasion/upx-packed"
    title = "Program packed with UPX"
    severity = "high"
    category = "defense-evasion"
    confidence = "high"
    attack = "T1027.002"
    references = "https://attack.mitre.org/techniques/T1027/002/ https://upx.github.io/"
    explanation = "The program's code is compressed and comes out only in memory. Distributions do not pack programs, and miners and bots nearly always do."
    alternatives = "A tool that its author packed to make it small."
    remediation = "Unpack it with `upx -d` in isolation and examine what comes out."
  strings:
    $mark = "UPX!"
    $note = "$Info: This file is packed with the UPX executable packer"
  condition:
    elf and ($mark in (0..1024) or $note in (0..65536) or ($mark in (filesize-64..filesize)))
}

rule evasion_borrowed_name {
  meta:
    id = "defense-evasion/borrowed-name"
    title = "Script that runs something under a kernel thread's name"
    severity = "high"
    category = "defense-evasion"
    confidence = "high"
    attack = "T1036.004, T1036.005"
    references = "https://attack.mitre.org/techniques/T1036/004/"
    explanation = "A script copies or starts a program under the name of a kernel thread, so that it is overlooked in a list of processes."
    alternatives = "None in an image."
    remediation = "Examine the program that gets the name."
  strings:
    $exec = /exec {1,2}-a {1,2}["']?\[?(kworker|kswapd|kthreadd|ksoftirqd|migration|rcu_sched|watchdog|kdevtmpfs|khugepaged|jbd2|sshd:|nginx:|php-fpm|systemd)/
    $copy = /\b(cp|mv|ln -s|install|curl [^\n]{0,200}-o|wget [^\n]{0,200}-O) [^\n;&|]{0,160}\/\[?(kworker|kswapd0|kthreadd|ksoftirqd|kdevtmpfsi|khugepaged|kinsing|kauditd|kerneloops|netns)[\w\/:\[\]-]{0,12}/
    $start = /(\n|;|&&|nohup|setsid) {0,8}(\/|\.\/)[\w.\/-]{0,60}\[?(kworker|kswapd0|kthreadd|ksoftirqd|kdevtmpfsi|khugepaged)[\w\/:\[\]-]{0,12}[^\n]{0,120}/
    $python = /setproctitle\(\s?["']\[?(kworker|kswapd|kthreadd|ksoftirqd|migration)/
    $perl = /\$0\s?=\s?["']\[?(kworker|kswapd|kthreadd|ksoftirqd|httpd|sshd|syslogd|\/usr\/sbin)/
  condition:
    filesize < 512KB and program_text and any of them
}

rule evasion_time_copying {
  meta:
    id = "defense-evasion/time-copying"
    title = "Script that gives a file the age of a system file"
    severity = "medium"
    category = "defense-evasion"
    confidence = "medium"
    attack = "T1070.006"
    references = "https://attack.mitre.org/techniques/T1070/006/"
    explanation = "A script sets the time of a file to that of a system program, so that it does not stand out among old files."
    alternatives = "A build script keeps times within its own tree, not those of system programs."
    remediation = "Examine the file whose time is changed."
  strings:
    $touch = /touch {1,2}(-\w{1,3} {1,2}){0,2}-\w{0,3}r {1,2}["']?(\/usr)?\/(s?bin|lib|etc)\/[\w.\/-]{1,60}["']? {1,2}["']?[\/\w$.{]/
  condition:
    filesize < 256KB and program_text and $touch
}
