rule persistence_cron_fetch {
  meta:
    id = "persistence/cron-fetch"
    title = "Scheduled job that fetches or runs hidden code"
    severity = "high"
    category = "persistence"
    confidence = "high"
    attack = "T1053.003, T1105"
    references = "https://attack.mitre.org/techniques/T1053/003/"
    explanation = "A line of a crontab, or a command that installs one, downloads something into a shell or runs it from a temporary or hidden place, again and again."
    alternatives = "A renewal job that is written carelessly."
    remediation = "Remove the job; the address or the program it runs is an indicator."
  strings:
    $line1 = /(^|[\n"'(]) {0,4}([\d*\/,-]{1,12} {1,4}){4}[\w*\/,-]{1,12} {1,4}(root {1,4})?[^\n]{0,120}(curl|wget) [^\n]{0,240}\| ?[^\n]{0,20}(ba|da|a)?sh\b/
    $line2 = /(^|[\n"'(]) {0,4}([\d*\/,-]{1,12} {1,4}){4}[\w*\/,-]{1,12} {1,4}(root {1,4})?[^\n]{0,40}(\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)[\w.\/-]{1,80}/
    $line3 = /(^|[\n"'(]) {0,4}([\d*\/,-]{1,12} {1,4}){4}[\w*\/,-]{1,12} {1,4}(root {1,4})?[^\n]{0,40}(\/root\/|\/home\/|\/etc\/|\/usr\/|\/var\/)([\w\/-]{0,60}\/)?\.[\w][\w.-]{1,60}(\/|\s)/
    $line4 = /(^|[\n"'(]) {0,4}@(reboot|hourly|daily) {1,4}(root {1,4})?[^\n]{0,120}((curl|wget) [^\n]{0,240}\| ?[^\n]{0,20}sh\b|\/tmp\/|\/dev\/shm\/|\/var\/tmp\/)/
    $line5 = /(^|[\n"'(]) {0,4}([\d*\/,-]{1,12} {1,4}){4}[\w*\/,-]{1,12} {1,4}[^\n]{0,120}base64 (-d|--decode)[^\n]{0,60}\| ?[^\n]{0,20}sh\b/
  condition:
    filesize < 256KB and program_text and any of them
}

rule persistence_cron_install {
  meta:
    id = "persistence/cron-install"
    title = "Script that installs a job with a download"
    severity = "high"
    category = "persistence"
    confidence = "medium"
    attack = "T1053.003"
    references = "https://attack.mitre.org/techniques/T1053/003/"
    explanation = "A script writes into the scheduler's tables and what it writes downloads or decodes something: it will come back after it was removed."
    alternatives = "An installer that adds its own updater."
    remediation = "Remove the job; look for what it keeps alive."
  strings:
    $write1 = /(curl|wget|base64)[^\n]{0,240}(\| ?crontab( -)?|> {0,2}["']?\/etc\/cron|> {0,2}["']?\/var\/spool\/cron)/
    $write2 = /(echo|printf) [^\n]{0,300}(curl|wget|base64)[^\n]{0,300}>{1,2} {0,2}["']?(\/etc\/cron|\/var\/spool\/cron|\/etc\/anacron)/
    $write3 = /crontab -l[^\n]{0,80}(;|&&|\|\|)[^\n]{0,40}echo [^\n]{0,300}(curl|wget|base64|\/tmp\/|\/dev\/shm\/|\/var\/tmp\/)[^\n]{0,240}\| ?crontab/
    $write4 = /cat[^\n]{0,20}(>|<<)[^\n]{0,60}\/etc\/cron[\w.\/-]{0,40}[^\n]{0,40}\n([^\n]{0,200}\n){0,6}[^\n]{0,100}(curl|wget) [^\n]{0,200}\| ?[^\n]{0,20}sh\b/
  condition:
    filesize < 256KB and program_text and any of them
}

rule persistence_service_unit {
  meta:
    id = "persistence/service-unit"
    title = "Service that starts something from a temporary or hidden place"
    severity = "high"
    category = "persistence"
    confidence = "high"
    attack = "T1543.002"
    references = "https://attack.mitre.org/techniques/T1543/002/ https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html"
    explanation = "A unit of systemd starts a program from a folder that anybody may write or that is hidden, or downloads what it runs."
    alternatives = "A developer's own service in the home folder."
    remediation = "Remove the unit; the program it starts is what to examine."
  strings:
    $unit1 = "[Service]"
    $unit2 = "[Unit]"
    $start1 = /ExecStart(Pre|Post)?=[-@!+:]{0,2}[^\n]{0,60}(\/tmp\/|\/var\/tmp\/|\/dev\/shm\/|\/run\/shm\/)/
    $start2 = /ExecStart(Pre|Post)?=[-@!+:]{0,2}[^\n]{0,80}\/\.[\w][\w.-]{1,60}(\/|\s)/
    $start3 = /ExecStart(Pre|Post)?=[^\n]{0,160}(curl|wget) [^\n]{0,200}\| ?[^\n]{0,20}sh\b/
    $start4 = /ExecStart(Pre|Post)?=[^\n]{0,160}base64 (-d|--decode)/
    $start5 = /ExecStart=[^\n]{0,60}python[\d.]{0,4} [^\n]{0,80}\/(sysmon|pgmon|runner)(\/\w{1,20})?\.py/
    $start6 = /ExecStart=[^\n]{0,40}\/dev\/tcp\//
  condition:
    filesize < 256KB and program_text and any of ($unit*) and any of ($start*)
}

rule persistence_authorized_key {
  meta:
    id = "persistence/authorized-key"
    title = "Script that lets an SSH key in"
    severity = "high"
    category = "persistence"
    confidence = "medium"
    attack = "T1098.004"
    references = "https://attack.mitre.org/techniques/T1098/004/"
    explanation = "A script adds a key that it carries to the keys that may log in: its owner comes back whenever an SSH server runs there."
    alternatives = "A development image that sets up its owner's access."
    remediation = "Find out whose key it is. Remove it and look for logins with it."
  strings:
    $key1 = /(echo|printf) [^\n]{0,40}["']?(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp\d{3}) AAAA[^\n]{20,1200}>{1,2} {0,2}[^\n]{0,60}authorized_keys/
    $key2 = /\w{2,20}=["'](ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp\d{3}) AAAA/
    $write2 = />{1,2} {0,2}["']?[^\n]{0,60}authorized_keys/
    $key3 = /(curl|wget) [^\n]{0,240}>{1,2} {0,2}[^\n]{0,60}authorized_keys/
    $key4 = /open\([^\n]{0,80}authorized_keys["']\s?,\s?["']a/
    $key5 = /(ssh-rsa|ssh-ed25519) AAAA[0-9A-Za-z+\/]{40}/
    $key6 = /cat {0,2}<<[^\n]{0,20}>{1,2} {0,2}[^\n]{0,60}authorized_keys/
  condition:
    filesize < 256KB and program_text and ($key1 or ($key2 and $write2) or $key3 or ($key5 and any of ($key4, $key6)))
}

rule persistence_preload {
  meta:
    id = "persistence/preload"
    title = "Script that loads a library into every program"
    severity = "critical"
    category = "persistence"
    confidence = "high"
    attack = "T1574.006"
    references = "https://attack.mitre.org/techniques/T1574/006/ https://man7.org/linux/man-pages/man8/ld.so.8.html"
    explanation = "A script writes the file that makes the loader put a library into every program that starts: the way rootkits hide."
    alternatives = "A package for a memory allocator; those set a variable for one program."
    remediation = "Examine the library that is named there. Do not trust what programs of this image report."
  strings:
    $write1 = /(echo|printf) [^\n]{1,160}>{1,2} {0,2}["']?\/etc\/ld\.so\.preload/
    $write2 = /(cp|mv|tee|ln|install) [^\n;&|]{0,160}\/etc\/ld\.so\.preload/
    $write3 = /open\(["']\/etc\/ld\.so\.preload["']\s?,\s?["'][aw]/
    $write4 = /(cat|curl|wget|base64) [^\n]{1,200}> {0,2}["']?\/etc\/ld\.so\.preload/
  condition:
    filesize < 512KB and program_text and any of them
}

rule persistence_login_hook {
  meta:
    id = "persistence/login-hook"
    title = "Script that hides a command in login files"
    severity = "high"
    category = "persistence"
    confidence = "medium"
    attack = "T1546.004"
    references = "https://attack.mitre.org/techniques/T1546/004/"
    explanation = "A script appends a command to a file that every shell or login reads, and the command downloads, decodes or starts something in the background."
    alternatives = "A tool that adds itself to the path does not download at each login."
    remediation = "Remove the lines; what they start is what to examine."
  strings:
    $write1 = /(echo|printf) [^\n]{0,300}(curl|wget|base64|nohup|setsid|\/dev\/tcp\/|\/tmp\/|\/dev\/shm\/|python[\d.]{0,4} -c)[^\n]{0,300}>> {0,2}["']?[^\n]{0,40}(\.bashrc|\.bash_profile|\.profile|\.zshrc|\/etc\/profile|bash\.bashrc|rc\.local)/
    $write2 = /(echo|printf) [^\n]{0,300}(curl|wget|base64|nohup|setsid|\/dev\/tcp\/|\/tmp\/|\/dev\/shm\/)[^\n]{0,300}> {0,2}["']?\/etc\/(profile\.d|update-motd\.d)\//
    $write3 = /(curl|wget) [^\n]{0,240}>{1,2} {0,2}["']?(\/etc\/profile\.d\/|\/etc\/rc\.local|\/etc\/init\.d\/)/
    $write4 = /(curl|wget) [^\n]{0,200}(-o|-O) {0,2}["']?(\/etc\/profile\.d\/|\/etc\/rc\.local|\/etc\/init\.d\/|\/etc\/update-motd\.d\/)/
  condition:
    filesize < 256KB and program_text and any of them
}

rule persistence_python_start {
  meta:
    id = "persistence/python-start"
    title = "Code that runs whenever Python starts"
    severity = "high"
    category = "persistence"
    confidence = "high"
    attack = "T1546"
    references = "https://docs.python.org/3/library/site.html https://github.com/BerriAI/litellm/issues/24512"
    explanation = "The content has the form of a path configuration file whose line is code: Python runs it at every start, whichever program is meant. The code starts processes, decodes or reaches for the network."
    alternatives = "Coverage and virtual environment tools use such lines too, but only import their own module."
    remediation = "Remove the file and find the package or the step that brought it."
  strings:
    $line1 = /^import [\w\t ,.\x80-\xff]{1,120};[^\n]{0,400}((exec|eval)\(\s?[^"'\s]|\\x[0-9a-fA-F]{2}\\x|subprocess|b64decode|urlopen|urllib|socket\.|os\.system|os\.popen|marshal|zlib)/
  condition:
    filesize < 1MB and program_text and not shebang and $line1 at 0
}

rule persistence_root_account {
  meta:
    id = "persistence/root-account"
    title = "Script that makes a second root account"
    severity = "critical"
    category = "persistence"
    confidence = "high"
    attack = "T1136.001"
    references = "https://attack.mitre.org/techniques/T1136/001/"
    explanation = "A script makes an account with the user id 0: root under another name, with a password that its maker knows."
    alternatives = "None in an image."
    remediation = "Remove the account; look for logins with it."
  strings:
    $make1 = /\b(useradd|adduser) [^\n;&|]{0,120}(-o {1,2}-u {0,2}0|-u {0,2}0 {1,2}-o|-ou {0,2}0|--non-unique)[\s"']/
    $make2 = /(echo|printf) [^\n]{0,20}["']?[a-z_][\w-]{0,31}:[^:\n]{0,120}:0:0:[^\n]{0,80}>> {0,2}["']?\/etc\/passwd/
    $make3 = /sed [^\n]{0,160}:0:0:[^\n]{0,80}\/etc\/passwd/
  condition:
    filesize < 512KB and program_text and any of them
}

rule persistence_sudo_grant {
  meta:
    id = "persistence/sudo-grant"
    title = "Script that gives an account all rights without a password"
    severity = "medium"
    category = "privilege-escalation"
    confidence = "medium"
    attack = "T1548.003"
    references = "https://attack.mitre.org/techniques/T1548/003/"
    explanation = "A script writes a rule that lets an account become root without being asked."
    alternatives = "Images for builds and development do this for their user."
    remediation = "Check whether the image is meant for that; else remove the rule."
  strings:
    $write1 = /(echo|printf) [^\n]{0,120}ALL ?= ?\(?ALL(:ALL)?\)? ?NOPASSWD: ?ALL[^\n]{0,60}(>|tee)[^\n]{0,20}\/etc\/sudoers/
    $write2 = /sed [^\n]{0,200}NOPASSWD[^\n]{0,120}\/etc\/sudoers/
  condition:
    filesize < 256KB and program_text and any of them
}
