rule backdoor_hiding_library {
  meta:
    id = "backdoor/hiding-library"
    title = "Library that hides files and processes"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1014, T1574.006"
    references = "https://attack.mitre.org/techniques/T1014/ https://attack.mitre.org/techniques/T1574/006/"
    explanation = "A library replaces the functions with which programs list folders, looks up the originals and compares what they return with names of processes: the form of a rootkit that is loaded into every program."
    alternatives = "Tools that fake a root folder or the time replace functions too, but do not look at process names."
    remediation = "Do not run the image; look for /etc/ld.so.preload and LD_PRELOAD, and for what the library hides."
  strings:
    $hook1 = "readdir64" fullword
    $hook2 = "readdir" fullword
    $real = "dlsym" fullword
    $name1 = "/proc/self/fd/%d"
    $name2 = "/proc/%s/stat"
    $name3 = "/proc/%s/cmdline"
    $name4 = "ld.so.preload"
    $name5 = "process_to_filter"
    $name6 = "/proc/net/tcp"
    $program1 = "/ld-linux" private
    $program2 = "/ld-musl" private
  condition:
    elf and filesize < 4MB and uint16(16) == 3 and not any of ($program*) and any of ($hook*) and $real
    and ($name5 or ($name1 and ($name2 or $name3)) or ($name4 and any of ($name1, $name2, $name3, $name6)))
}

rule backdoor_login_module {
  meta:
    id = "backdoor/login-module"
    title = "Login module that keeps or bypasses passwords"
    severity = "critical"
    category = "backdoor"
    confidence = "medium"
    attack = "T1556.003"
    references = "https://attack.mitre.org/techniques/T1556/003/"
    explanation = "A module for pluggable authentication takes the typed password and writes user and password to a file or sends it away."
    alternatives = "A debug build of a module of one's own."
    remediation = "Do not run the image. Change every password that was typed on systems with this module."
  strings:
    $module = "pam_sm_authenticate" fullword
    $take1 = "pam_get_authtok" fullword
    $take2 = "pam_get_item" fullword
    $write1 = "fopen" fullword
    $write2 = "connect" fullword
    $form1 = /%s:%s(:%s)?\n/
    $form2 = /(user(name)?|login)\s?[=:]\s?%s[^\x00]{0,20}pass(word|wd)?\s?[=:]\s?%s/ nocase
    $place1 = "/tmp/."
    $place2 = "/var/tmp/"
    $place3 = "/dev/shm/"
    $place4 = "/usr/include/"
    $place5 = "/var/log/."
  condition:
    elf and filesize < 2MB and uint16(16) == 3 and $module and any of ($take*) and any of ($write*)
    and ($form2 or ($form1 and any of ($place*)))
}

rule backdoor_kernel_module {
  meta:
    id = "backdoor/kernel-module"
    title = "Kernel module that hides what it protects"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1014, T1547.006"
    references = "https://attack.mitre.org/techniques/T1547/006/"
    explanation = "A kernel module looks up the table of system calls or hooks functions and deals with folder listings or network tables: the form of a rootkit."
    alternatives = "A tracer; those do not replace folder listings."
    remediation = "Do not run the image with privileges. An image has no use for kernel modules of this kind."
  strings:
    $module1 = ".gnu.linkonce.this_module"
    $module2 = "vermagic="
    $lookup1 = "kallsyms_lookup_name"
    $lookup2 = "sys_call_table"
    $lookup3 = "ftrace_set_filter_ip"
    $hide1 = "getdents64"
    $hide2 = "tcp4_seq_show"
    $hide3 = "hide_" 
    $hide4 = "module_hidden"
    $hide5 = "prepare_creds"
    $known1 = "diamorphine" nocase
    $known2 = "reptile" nocase fullword
  condition:
    elf and uint16(16) == 1 and any of ($module*)
    and (any of ($known*) or (any of ($lookup*) and 2 of ($hide*)))
}

rule backdoor_rootkit_source {
  meta:
    id = "backdoor/rootkit-source"
    title = "Source of a rootkit"
    severity = "high"
    category = "backdoor"
    confidence = "medium"
    attack = "T1014, T1027.004"
    references = "https://attack.mitre.org/techniques/T1027/004/"
    explanation = "C source that hooks system calls or library functions to hide files, to be compiled on the host it lands on."
    alternatives = "Teaching material."
    remediation = "Look for the compiler and the script that builds it, and for what it is told to hide."
  strings:
    $kernel1 = "kallsyms_lookup_name"
    $kernel2 = "sys_call_table"
    $kernel3 = /__NR_getdents(64)?/
    $kernel4 = "#include <linux/module.h>"
    $user1 = "RTLD_NEXT"
    $user2 = /struct dirent(64)? ?\* ?readdir/
    $user3 = /\/proc\/self\/fd\/%d|process_to_filter/
  condition:
    filesize < 256KB and program_text and not shebang and (3 of ($kernel*) or all of ($user*))
}

rule backdoor_lzma_library {
  meta:
    id = "backdoor/lzma-library"
    title = "liblzma with the backdoor of xz 5.6.0 and 5.6.1"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1195.002, T1556"
    references = "https://www.openwall.com/lists/oss-security/2024/03/29/4 https://nvd.nist.gov/vuln/detail/CVE-2024-3094"
    explanation = "The library carries the code that was smuggled into the releases 5.6.0 and 5.6.1 of xz: it takes over the check of keys in the SSH server for whoever holds a certain key."
    alternatives = "None: the bytes are those of the backdoor."
    remediation = "Replace the image by one that was built after the distribution withdrew the release."
  strings:
    $code = { F3 0F 1E FA 55 48 89 F5 4C 89 CE 53 89 FB 81 E7 00 00 00 80 48 83 EC 28 48 89 54 24 18 48 89 4C 24 10 }
    $switch = "yolAbejyiejuvnup=Evjtgvsh5okmkAvj"
  condition:
    elf and any of them
}
