rule discovery_engine_scan {
  meta:
    id = "discovery/engine-scan"
    title = "Looks for open container engines and clusters"
    severity = "high"
    category = "backdoor"
    confidence = "high"
    attack = "T1046, T1613"
    references = "https://attack.mitre.org/techniques/T1046/"
    explanation = "A script scans networks for the ports on which container engines and clusters listen without a password: it spreads."
    alternatives = "An image for security tests that says so."
    remediation = "Do not run the image; hosts on which it ran have attacked others."
  strings:
    $tool1 = "masscan" fullword
    $tool2 = "zgrab" fullword
    $tool3 = "zgrab2" fullword
    $tool4 = "pnscan" fullword
    $tool5 = "zmap" fullword
    $port1 = /(-p ?|--port[ =s]|-p["', ]{1,4})["']?(2375|2376|2377|4243|4244|10250|10255|6443)\b/
    $port2 = /--ports? {0,2}["']?[\d,-]{0,40}(2375|2376|4243|10250)/
    $port3 = /\b(2375|2376|4243|10250)\b/
    $loop1 = /while (read|true|:)/
    $loop2 = /for \w{1,20} in /
    $loop3 = "| while"
  condition:
    filesize < 512KB and program_text and any of ($tool*) and (any of ($port1, $port2) or ($port3 and any of ($loop*)))
}

rule discovery_mass_scan {
  meta:
    id = "discovery/mass-scan"
    title = "Scans for services to break into"
    severity = "high"
    category = "backdoor"
    confidence = "medium"
    attack = "T1046, T1595.001"
    references = "https://attack.mitre.org/techniques/T1595/001/"
    explanation = "A script runs a mass scanner in a loop and tries the services it finds: databases, message queues, remote logins."
    alternatives = "An image for security tests that says so."
    remediation = "Do not run the image; hosts on which it ran have attacked others."
  strings:
    $scan1 = /masscan [^\n]{0,200}(--rate|--max-rate|-p ?\d)/
    $scan2 = /pnscan [^\n]{0,160}/
    $scan3 = /zmap [^\n]{0,160}-p ?\d/
    $try1 = /redis-cli [^\n]{0,120}(config set|slaveof|flushall|set \w{1,20})/ nocase
    $try2 = "sshpass" fullword
    $try3 = /hydra -/
    $try4 = "CONFIG SET dir" nocase
    $try5 = /ssh [^\n]{0,120}-o ?StrictHostKeyChecking=no[^\n]{0,160}(curl|wget) /
    $try6 = /\/api\/v\d\/(jobs|pods|apps)/
  condition:
    filesize < 512KB and program_text and any of ($scan*) and any of ($try*)
}

rule discovery_redis_worm {
  meta:
    id = "discovery/redis-worm"
    title = "Writes jobs or keys through an open Redis"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1210, T1053.003"
    references = "https://attack.mitre.org/techniques/T1210/ https://redis.io/docs/latest/operate/oss_and_stack/management/security/"
    explanation = "The text makes a Redis server store a crontab or a key as its database file, in the folder where the system reads such: it takes over the host of an open Redis."
    alternatives = "A test of the defence against it."
    remediation = "Do not run the image; hosts on which it ran have attacked others."
  strings:
    $dir = /config[ \\n"',]{1,6}set[ \\n"',]{1,6}dir[ \\n"',]{1,6}\/(var\/spool\/cron|etc\/cron|root\/\.ssh|home\/\w{1,20}\/\.ssh)/ nocase
    $file = /config[ \\n"',]{1,6}set[ \\n"',]{1,6}dbfilename[ \\n"',]{1,6}["']?(root|authorized_keys|crontab|zzh|apache|\w{2,12})/ nocase
  condition:
    filesize < 1MB and program_text and $dir and $file
}
