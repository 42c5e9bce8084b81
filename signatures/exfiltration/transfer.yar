rule exfiltration_anonymous_drop {
  meta:
    id = "exfiltration/anonymous-drop"
    title = "Sends data to an anonymous drop"
    severity = "high"
    category = "exfiltration"
    confidence = "medium"
    attack = "T1567"
    references = "https://attack.mitre.org/techniques/T1567/"
    explanation = "The text sends data to a service that takes it without an account and without a name: a request catcher, a paste or file drop, a chat's web hook or a tunnel. Stolen data leaves images this way since it needs no server."
    alternatives = "Notifications of a build to a chat channel."
    remediation = "Look at what is sent. Block the service where this image runs."
  strings:
    $drop1 = "webhook.site/" nocase
    $drop2 = /api\.telegram\.org\/bot[^\s"']{0,80}\/send/ nocase
    $drop3 = "discord.com/api/webhooks/" nocase
    $drop4 = "discordapp.com/api/webhooks/" nocase
    $drop5 = "transfer.sh" fullword nocase
    $drop6 = "//file.io" nocase
    $drop7 = "//0x0.st" nocase
    $drop8 = "temp.sh/upload" nocase
    $drop9 = "requestbin" nocase
    $drop10 = ".pipedream.net" nocase
    $drop11 = ".oast." nocase
    $drop12 = ".interact.sh" nocase
    $drop13 = ".oastify.com" nocase
    $drop14 = ".burpcollaborator.net" nocase
    $drop15 = ".ngrok.io" nocase
    $drop16 = ".ngrok-free.app" nocase
    $drop17 = ".trycloudflare.com" nocase
    $drop18 = "pastebin.com/api/" nocase
    $drop19 = ".raw.icp0.io" nocase
    $drop20 = "bashupload.com" nocase
    $drop21 = "gofile.io/upload" nocase
    $drop22 = ".serveo.net" nocase
    $drop23 = "catbox.moe/user/api" nocase
    $send1 = /curl [^\n]{0,240}(-F|-T|-d|--form|--data|--upload-file|-X ?POST)/
    $send2 = /wget [^\n]{0,200}--(post|body)-(file|data)/
    $send3 = /requests\.(post|put)\(/
    $send4 = /urlopen\(/
    $send5 = /method["']?\s{0,2}:\s{0,2}["']POST/ nocase
    $send6 = "urllib.request.Request("
    $send7 = "http.client.HTTP"
    $send8 = /https?\.request\(/
    $send9 = "axios.post("
    $send10 = "Net::HTTP.post"
  condition:
    filesize < 1MB and program_text and any of ($drop*) and any of ($send*)
}

rule exfiltration_archive_upload {
  meta:
    id = "exfiltration/archive-upload"
    title = "Packs files and uploads them in one go"
    severity = "high"
    category = "exfiltration"
    confidence = "medium"
    attack = "T1560.001, T1041"
    references = "https://attack.mitre.org/techniques/T1560/001/"
    explanation = "An archive is made and handed to an upload without ever being kept: data leaves the container."
    alternatives = "A backup that streams to object storage."
    remediation = "Look at which folders are packed and where they go."
  strings:
    $pipe1 = /\btar [^\n|;&]{1,240}\|[^\n;&]{0,160}\bcurl [^\n;&]{0,200}(@-|-T ?-|--upload-file ?-)/
    $pipe2 = /\btar [^\n|;&]{1,240}\|[^\n;&]{0,120}\b(nc|ncat|netcat) [\w.$\{\}-]{1,80} ?\$?\{?\w{1,10}/
    $pipe3 = /\btar [^\n|;&]{1,240}\|[^\n;&]{0,160}> ?\/dev\/tcp\//
    $pipe4 = /\btar [^\n|;&]{1,240}\|[^\n;&]{0,120}openssl s_client/
    $then1 = /\btar -?[a-z]{0,3}c[a-z]{0,6} {1,2}["']?[^\s"']{1,80}["']? [^\n;&]{1,200}(;|&&|\n)[^\n]{0,60}\bcurl [^\n]{0,200}(-F|-T|--form|--upload-file|--data-binary)[ =]?["']?[\w]{0,20}=?@?/
    $then2 = /\bzip -\w{1,4} [^\n;&]{1,200}(;|&&|\n)[^\n]{0,60}\bcurl [^\n]{0,200}(-F|-T|--form|--upload-file|--data-binary)[ =]/
  condition:
    filesize < 512KB and program_text and any of them
}

rule exfiltration_encrypt_and_ship {
  meta:
    id = "exfiltration/encrypt-and-ship"
    title = "Encrypts data for somebody else and sends it"
    severity = "critical"
    category = "exfiltration"
    confidence = "high"
    attack = "T1560.001, T1573.002, T1041"
    references = "https://attack.mitre.org/techniques/T1573/002/ https://github.com/DataDog/indicators-of-compromise"
    explanation = "The text packs data, encrypts it with a fresh key, seals that key for the owner of a public key that it carries, and sends both: only the receiver can ever read what was taken."
    alternatives = "A backup client with end-to-end encryption; then the key is the user's own and stands in a configuration."
    remediation = "Treat all that the container could read as taken. Keep the public key as an indicator."
  strings:
    $pack1 = /\btar -?\w{0,4}c/
    $pack2 = "tarfile.open("
    $pack3 = "zipfile.ZipFile("
    $pack4 = "json.dumps("
    $pack5 = "JSON.stringify("
    $cipher1 = /aes-256-(cbc|gcm|ctr)/ nocase
    $cipher2 = "AES.new("
    $cipher3 = "algorithms.AES("
    $cipher4 = "Fernet("
    $cipher5 = "createCipheriv("
    $seal1 = "BEGIN PUBLIC KEY"
    $seal2 = "BEGIN RSA PUBLIC KEY"
    $seal3 = "rsautl" fullword
    $seal4 = "pkeyutl" fullword
    $seal5 = "padding.OAEP("
    $seal6 = "PKCS1_OAEP"
    $seal7 = "publicEncrypt("
    $seal8 = "oaep" nocase
    $fresh1 = "openssl rand"
    $fresh2 = "os.urandom("
    $fresh3 = "randomBytes("
    $fresh4 = "get_random_bytes("
    $fresh5 = "Fernet.generate_key("
    $fresh6 = "secrets.token_bytes("
    $ship1 = /curl [^\n]{0,240}(-F|-T|-d|--form|--data|--upload-file|-X ?POST)/
    $ship2 = "requests.post("
    $ship3 = "urlopen("
    $ship4 = /https?\.request\(/
    $ship5 = /wget [^\n]{0,200}--post-(file|data)/
    $ship6 = /method["']?\s{0,2}:\s{0,2}["']POST/
  condition:
    filesize < 256KB and program_text
    and any of ($pack*) and any of ($cipher*) and 2 of ($seal*) and any of ($fresh*) and any of ($ship*)
}

rule exfiltration_environment {
  meta:
    id = "exfiltration/environment"
    title = "Sends all environment variables away"
    severity = "high"
    category = "exfiltration"
    confidence = "high"
    attack = "T1552.007, T1041"
    references = "https://attack.mitre.org/techniques/T1552/007/"
    explanation = "The whole environment is sent over the network. In a container that is where tokens and passwords are."
    alternatives = "An error reporter that is careless."
    remediation = "Rotate every secret that was given to containers of this image as a variable."
  strings:
    $shell1 = /\b(env|printenv|set|export -p) ?\|[^\n;&]{0,160}\bcurl [^\n;&]{0,200}(@-|-d|--data|-T ?-|-F)/
    $shell2 = /\b(env \||env\||printenv ?\|)[^\n;&]{0,120}\b(nc|ncat|netcat) [\w.$\{\}-]{1,80} ?\$?\w{1,10}/
    $shell3 = /curl [^\n]{0,200}(-d|--data|--data-binary|--data-raw|--data-urlencode|-F)[ =]?["']?\w{0,12}=?["']?(\$\(|`) ?(env|printenv)\b/
    $shell4 = /\b(env|printenv) ?> ?\/dev\/tcp\//
    $python1 = /(requests\.post|urlopen|Request)\([^\n]{0,200}(dict\(|json\.dumps\(|str\(|urlencode\()[^\n]{0,40}os\.environ/
    $python2 = /json=dict\(os\.environ\)/
    $node1 = /JSON\.stringify\(\s{0,4}process\.env\s{0,4}\)/
    $node2 = /(https?\.request|fetch|axios\.post)\(/
  condition:
    filesize < 512KB and program_text and (any of ($shell*) or any of ($python*) or all of ($node*))
}

rule exfiltration_name_queries {
  meta:
    id = "exfiltration/name-queries"
    title = "Smuggles data out in name queries"
    severity = "high"
    category = "exfiltration"
    confidence = "medium"
    attack = "T1048.003, T1071.004"
    references = "https://attack.mitre.org/techniques/T1071/004/"
    explanation = "Data is encoded and asked for as a host name, piece by piece, so that it leaves through the one protocol that is hardly ever blocked."
    alternatives = "A test of a name server."
    remediation = "Look at which data is encoded; the domain is an indicator."
  strings:
    $ask1 = /\b(dig ["'$@+-]|nslookup |host ["'$-]|ping -c ?1 )[^\n]{0,60}["']?\$\{?\w{1,30}\}?\.[\w-]{1,40}\.[a-z]{2,10}/
    $ask2 = /\b(dig ["'$@+-]|nslookup |host ["'$-]|ping -c ?1 )[^\n]{0,60}(\$\(|`)[^\n]{1,160}(base64|xxd|hexdump|od -)[^\n]{0,80}(\)|`)\.[\w-]{1,40}\.[a-z]{2,10}/
    $ask3 = /(gethostbyname|getaddrinfo|dns\.(lookup|resolve))\([^\n]{0,80}(hex|base64|b32encode|b64encode|hexlify)/
    $encode1 = "base64"
    $encode2 = "xxd -p"
    $encode3 = "hexdump"
    $encode4 = "b32encode"
    $encode5 = /\bod -[tAxv]/
  condition:
    filesize < 256KB and program_text and ($ask2 or $ask3 or ($ask1 and any of ($encode*)))
}
