rule miner_xmrig_program {
  meta:
    id = "miner/xmrig-program"
    title = "Monero miner (XMRig or a relative)"
    severity = "critical"
    category = "miner"
    confidence = "high"
    attack = "T1496"
    references = "https://github.com/xmrig/xmrig https://attack.mitre.org/techniques/T1496/"
    explanation = "The program carries the options, algorithms and messages of XMRig, the miner that most cryptojacking images ship. It spends the processor time of whoever runs the image on somebody else's account."
    alternatives = "An image that is openly a miner, or a scanner that ships miners as test data."
    remediation = "Do not run the image. Find the layer and the step that brought the program, and treat everything else in that layer as untrusted."
  strings:
    $own1 = "donate-level" fullword
    $own2 = "donate-over-proxy"
    $own3 = "randomx-1gb-pages"
    $own4 = "huge-pages-jit"
    $own5 = "XMRig" fullword
    $own6 = "xmrig" fullword
    $own7 = "rig-id" fullword
    $algo1 = "cryptonight" nocase
    $algo2 = "randomx" nocase
    $algo3 = "argon2/chukwa"
    $algo4 = "astrobwt"
    $algo5 = "kawpow" nocase
    $pool1 = "stratum+tcp://"
    $pool2 = "stratum+ssl://"
    $pool3 = "nicehash" nocase
    $pool4 = "mining.authorize"
  condition:
    elf and 2 of ($own*) and any of ($algo*) and any of ($pool*)
}

rule miner_stratum_program {
  meta:
    id = "miner/stratum-program"
    title = "Mining program that speaks Stratum"
    severity = "critical"
    category = "miner"
    confidence = "high"
    attack = "T1496"
    references = "https://en.bitcoin.it/wiki/Stratum_mining_protocol https://github.com/pooler/cpuminer"
    explanation = "The program carries several messages of the Stratum mining protocol together with the words of a miner's hashing loop: it works for a mining pool."
    alternatives = "A mining pool's server or proxy, in an image that is openly one."
    remediation = "Do not run the image. Find the layer and the step that brought the program, and treat everything else in that layer as untrusted."
  strings:
    $call1 = "mining.subscribe"
    $call2 = "mining.authorize"
    $call3 = "mining.submit"
    $call4 = "mining.notify"
    $call5 = "mining.set_difficulty"
    $work1 = "hashrate" nocase
    $work2 = "khash/s" nocase
    $work3 = "stratum_recv_line"
    $work4 = "scanhash"
    $work5 = "cpuminer" nocase
    $work6 = "Stratum difficulty set"
    $work7 = "eth_submitHashrate"
    $work8 = "accepted share" nocase
  condition:
    elf and 3 of ($call*) and any of ($work*)
}

rule miner_pool_program {
  meta:
    id = "miner/pool-program"
    title = "Program that mines at a pool"
    severity = "critical"
    category = "miner"
    confidence = "high"
    attack = "T1496"
    references = "https://en.bitcoin.it/wiki/Stratum_mining_protocol https://xmrig.com/docs/algorithms"
    explanation = "The program speaks the protocol of mining pools, names an algorithm that is used for mining alone, and knows a miner's options or messages. Whatever it is called and whichever pool it works for, it mines."
    alternatives = "A pool's server or proxy, or a scanner that holds such words as signatures."
    remediation = "Do not run the image. Find the layer and the step that brought the program, and treat everything else in that layer as untrusted."
  strings:
    $pool1 = "stratum+tcp://"
    $pool2 = "stratum+ssl://"
    $pool3 = "stratum+tls://"
    $pool4 = "mining.subscribe"
    $pool5 = "mining.authorize"
    $algorithm1 = "cryptonight" nocase
    $algorithm2 = "randomx" nocase
    $algorithm3 = "ghostrider" nocase
    $algorithm4 = "kawpow" nocase
    $algorithm5 = "argon2/chukwa"
    $algorithm6 = "progpow" nocase
    $algorithm7 = "verushash" nocase
    $own1 = "donate-level"
    $own2 = "rig-id" fullword
    $own3 = "nicehash" nocase
    $own4 = "hashrate" nocase
    $own5 = "mining.submit"
    $own6 = "mining.notify"
    $own7 = "huge-pages"
    $own8 = "keepalived"
    // An address with a port, as a program is given it, and not the bare words of a list.
    $address = /stratum\+(tcp|ssl|tls):\/\/[\w.\-]{4,120}:\d{2,5}/
  condition:
    elf and any of ($pool*) and any of ($algorithm*) and (any of ($own*) or $address)
}

rule miner_graphics_program {
  meta:
    id = "miner/graphics-program"
    title = "Mining program for graphics cards"
    severity = "critical"
    category = "miner"
    confidence = "medium"
    attack = "T1496"
    references = "https://attack.mitre.org/techniques/T1496/"
    explanation = "The program names itself as one of the known miners for graphics cards and knows how to reach a mining pool."
    alternatives = "A monitoring tool that knows miners by name."
    remediation = "Do not run the image. Find the layer and the step that brought the program, and treat everything else in that layer as untrusted."
  strings:
    $name1 = "lolMiner" fullword
    $name2 = "NBMiner" fullword
    $name3 = "PhoenixMiner" fullword
    $name4 = "T-Rex NVIDIA GPU miner"
    $name5 = "ethminer" fullword
    $name6 = "GMiner" fullword
    $name7 = "teamredminer" nocase fullword
    $name8 = "SRBMiner-MULTI"
    $pool1 = "stratum+tcp"
    $pool2 = "stratum1+tcp"
    $pool3 = "ethproxy" nocase
    $pool4 = "mining.authorize"
  condition:
    elf and any of ($name*) and any of ($pool*)
}
