rule miner_configuration {
  meta:
    id = "miner/configuration"
    title = "Configuration of a miner"
    severity = "critical"
    category = "miner"
    confidence = "high"
    attack = "T1496"
    references = "https://xmrig.com/docs/miner/config"
    explanation = "A JSON document with mining pools, the account that is paid, and settings that only a miner reads. It tells a renamed miner where to work and for whom."
    alternatives = "The example configuration of a miner's source package: then the account is a placeholder."
    remediation = "Note the pool and the account as indicators, then look for the program that reads this file."
  strings:
    $pools = /"pools"\s{0,8}:\s{0,8}\[/
    $url = /"url"\s{0,8}:\s{0,8}"[^"\n]{4,120}:\d{2,5}"/
    $user = /"user"\s{0,8}:\s{0,8}"/
    $own1 = "\"donate-level\""
    $own2 = "\"rig-id\""
    $own3 = "\"nicehash\""
    $own4 = "\"randomx\""
    $own5 = "\"huge-pages\""
    $own6 = "\"keepalive\""
    $own7 = "\"algo\""
    $own8 = "\"coin\""
    $placeholder1 = "YOUR_WALLET" nocase private
    $placeholder2 = "donate.v2.xmrig.com" private
  condition:
    filesize < 256KB and program_text and $pools and $url and $user and 2 of ($own*) and not any of ($placeholder*)
}

rule miner_stratum_address {
  meta:
    id = "miner/stratum-address"
    title = "Address of a mining pool (Stratum)"
    severity = "high"
    category = "miner"
    confidence = "medium"
    attack = "T1496"
    references = "https://en.bitcoin.it/wiki/Stratum_mining_protocol"
    explanation = "The text names a mining pool by an address of the Stratum protocol, which nothing but mining uses."
    alternatives = "Monitoring, an intrusion detection list or documentation of mining that is not recognised as such."
    remediation = "Find out which program reads the address; look for a renamed miner in the same layer."
  strings:
    $address = /stratum\+(tcp|ssl|tls|udp):\/\/[\w.\-\[\]{}$]{3,120}/ nocase
  condition:
    filesize < 1MB and program_text and $address
}

rule miner_payout_address {
  meta:
    id = "miner/payout-address"
    title = "Monero address handed to a program"
    severity = "high"
    category = "miner"
    confidence = "medium"
    attack = "T1496"
    references = "https://docs.getmonero.org/public-address/standard-address/"
    explanation = "A text of exactly the form of a Monero address stands where the account of a mining pool is given."
    alternatives = "A donation address in a configuration file of Monero's own software."
    remediation = "Note the address as an indicator; look for the program that is given it and for the pool it works for."
  strings:
    $option = /(--user(name)?|--wallet|--address|"user"|"wallet"|"address"|WALLET|XMR_ADDRESS|wallet_address)["']?[\s:=]{1,4}["']?[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}([^1-9A-HJ-NP-Za-km-z]|$)/
    $short = /[a-z0-9]:\d{2,5} -u ["']?[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}/
  condition:
    filesize < 1MB and program_text and any of them
}

rule miner_launcher {
  meta:
    id = "miner/launcher"
    title = "Script that starts a miner"
    severity = "critical"
    category = "miner"
    confidence = "high"
    attack = "T1496, T1059.004"
    references = "https://xmrig.com/docs/miner/command-line-options https://attack.mitre.org/techniques/T1496/"
    explanation = "The text starts a program with a pool, an account and options that only a miner has, whatever the program is called."
    alternatives = "An image that is openly a miner."
    remediation = "Do not run the image. The program that is started is the miner: examine it and the layer it came with."
  strings:
    $pool1 = / -o ["']?[\w.+:\/\-$\{\}]{3,120}:\$?\{?\w{2,8}/
    $pool2 = /--url[ =]["']?[\w.+:\/\-$\{\}]{3,120}:\$?\{?\w{2,8}/
    $pool3 = "stratum+" nocase
    $user1 = / -u ["']?[\w$\{"'.]/
    $user2 = /--user[ =]["']?[\w$\{"'.]/
    $user3 = /--wallet[ =]["']?[\w$\{"'.]/
    $own1 = "--donate-level"
    $own2 = "--randomx-"
    $own9 = / -a ["']?(rx\/|cn\/|cn-|cryptonight|randomx|kawpow|ghostrider|argon2|scrypt|x11|yescrypt)/ nocase
    $own3 = /--algo[ =]["']?(rx\/|cn\/|cn-|cryptonight|randomx|kawpow|ghostrider|argon2|scrypt|x11|yescrypt)/ nocase
    $own4 = /--coin[ =]["']?(monero|xmr|ravencoin|rvn|zephyr|dero)/ nocase
    $own5 = "--cpu-max-threads-hint"
    $own6 = "--cpu-priority"
    $own7 = "--nicehash"
    $own8 = "--max-cpu-usage"
  condition:
    filesize < 1MB and program_text and any of ($pool*) and any of ($user*) and any of ($own*)
}

rule miner_host_tuning {
  meta:
    id = "miner/host-tuning"
    title = "Script that prepares a host for mining"
    severity = "medium"
    category = "miner"
    confidence = "medium"
    attack = "T1496"
    references = "https://xmrig.com/docs/miner/randomx-optimization-guide"
    explanation = "The script writes the processor's model specific registers and sets huge pages: the preparation that makes a RandomX miner faster and that few other programs need together."
    alternatives = "Tuning of a database or a benchmark."
    remediation = "Find what the script starts afterwards."
  strings:
    $registers1 = "wrmsr " fullword
    $registers2 = "modprobe msr"
    $pages1 = "nr_hugepages"
    $pages2 = "hugepages-1048576kB"
  condition:
    filesize < 256KB and program_text and any of ($registers*) and any of ($pages*)
}

rule miner_bandwidth_resale {
  meta:
    id = "miner/bandwidth-resale"
    title = "Client that sells the host's bandwidth"
    severity = "medium"
    category = "miner"
    confidence = "medium"
    attack = "T1496.002"
    references = "https://attack.mitre.org/techniques/T1496/002/"
    explanation = "A client of a service that pays for routing strangers' traffic through the host is started with an account's token."
    alternatives = "An image whose declared purpose this is."
    remediation = "Unless that is what the image is for, do not run it: the traffic of strangers will carry your address."
  strings:
    $name1 = "traffmonetizer" nocase fullword
    $name2 = "earnapp" nocase fullword
    $name3 = "honeygain" nocase fullword
    $name4 = "peer2profit" nocase fullword
    $name5 = "pawns-cli" nocase
    $name6 = "packetstream" nocase fullword
    $name7 = "repocket" nocase fullword
    $name8 = "proxyrack" nocase fullword
    $account1 = /(-token|--token|-email|--email|-accept-tos|TOKEN=|EMAIL=|PASS(WORD)?=|CID=|API_KEY=|UUID=)/
  condition:
    filesize < 256KB and program_text and any of ($name*) and $account1
}
