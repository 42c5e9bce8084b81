rule credential_sweep {
  meta:
    id = "credential-access/sweep"
    title = "Harvester of several kinds of credentials"
    severity = "critical"
    category = "credential-access"
    confidence = "high"
    attack = "T1552.001, T1560, T1567"
    references = "https://attack.mitre.org/techniques/T1552/001/ https://github.com/DataDog/indicators-of-compromise"
    explanation = "One script names the credential files of three or more different services and packs or sends data. A legitimate program reads its own service's credentials, not everybody's."
    alternatives = "A secret scanner, a backup tool or a migration script for home folders."
    remediation = "Treat every credential that was reachable where this image ran as stolen: revoke, rotate, and look at where the data was sent."
  strings:
    $file_aws = ".aws/credentials"
    $file_ssh = /\.ssh\/(id_|\*)|id_rsa\b|id_ed25519|id_ecdsa/
    $file_docker = ".docker/config.json"
    $file_kube = /\.kube\/config|serviceaccount\/token/
    $file_npm = ".npmrc"
    $file_pypi = ".pypirc"
    $file_netrc = ".netrc"
    $file_git = /\.git-credentials|gh\/hosts\.yml/
    $file_gcloud = /\.config\/gcloud|application_default_credentials/
    $file_azure = /\.azure\/(accessTokens|msal|azureProfile|\*)|["'\/]\.azure["'\s\/]/
    $file_vault = ".vault-token"
    $file_gnupg = /\.gnupg["'\s\/]/
    $file_shadow = "/etc/shadow"
    $file_history = /\.(bash|zsh)_history/
    $file_database = /\.my\.cnf|\.pgpass/
    $file_wallet = /wallet\.dat|\.electrum|\.config\/solana|\.ethereum\/keystore/
    $send1 = /curl [^\n]{0,240}(-F |-T |--form |--upload-file |--data-binary |-d @|--data @|-d "?\$)/
    $send2 = "requests.post("
    $send3 = /urlopen\([^\n]{0,160}data\s{0,2}=/
    $send4 = /wget [^\n]{0,200}--post-(file|data)/
    $send5 = "| nc "
    $send14 = "| ncat "
    $send15 = "| netcat "
    $send16 = "openssl s_client"
    $send6 = /https?\.request\(/
    $send7 = /method["']?\s{0,2}:\s{0,2}["']POST/
    $send8 = "sendDocument"
    $send9 = "/dev/tcp/"
    $send10 = "urllib.request.Request("
    $send11 = "HTTPSConnection("
    $send12 = "axios.post("
    $send13 = /\btar -?c\w{0,6} [^\n]{0,200}\.(aws|ssh|kube|docker|config)/
  condition:
    filesize < 512KB and program_text and 3 of ($file_*) and any of ($send*)
}

rule credential_metadata_role {
  meta:
    id = "credential-access/metadata-role"
    title = "Takes the cloud role of the machine it runs on"
    severity = "high"
    category = "credential-access"
    confidence = "medium"
    attack = "T1552.005"
    references = "https://attack.mitre.org/techniques/T1552/005/ https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html"
    explanation = "A script asks the cloud's metadata service for the credentials of the machine's role with a general download tool. Software development kits do this inside a library; a script that does it by hand usually passes them on."
    alternatives = "A provider's own start-up script, or a health check of the metadata service."
    remediation = "Look at what happens to the answer. Restrict the role and require session tokens for the metadata service."
  strings:
    $aws1 = /(curl|wget|fetch)[^\n]{1,300}169\.254\.169\.254\/latest\/meta-data\/iam\/security-credentials/
    $aws2 = /(curl|wget|fetch)[^\n]{1,300}169\.254\.170\.2\/?\$\{?AWS_CONTAINER_CREDENTIALS/
    $aws3 = /requests\.get\([^\n]{1,200}169\.254\.169\.254\/latest\/meta-data\/iam\/security-credentials/
    $aws4 = /urlopen\([^\n]{1,200}169\.254\.169\.254\/latest\/meta-data\/iam\/security-credentials/
    $gcp = /(curl|wget)[^\n]{1,300}computeMetadata\/v1\/instance\/service-accounts\/[^\n]{1,60}\/token/
    $azure = /(curl|wget)[^\n]{1,300}169\.254\.169\.254\/metadata\/identity\/oauth2\/token/
    $alibaba = /(curl|wget)[^\n]{1,300}100\.100\.100\.200\/latest\/meta-data\/ram\/security-credentials/i
    $variable = /\w{2,20}=["']?http:\/\/169\.254\.169\.254\/latest\/meta-data\/iam\/security-credentials/
  condition:
    filesize < 512KB and program_text and any of them
}

rule credential_service_account {
  meta:
    id = "credential-access/service-account"
    title = "Uses the cluster's service account token by hand"
    severity = "high"
    category = "credential-access"
    confidence = "medium"
    attack = "T1528, T1613"
    references = "https://attack.mitre.org/techniques/T1528/ https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/"
    explanation = "A script reads the token that Kubernetes mounts into every container and asks the cluster's interface for secrets, or starts workloads with it. That is how an intruder moves from one container to the whole cluster."
    alternatives = "A small operator or an init container written as a script."
    remediation = "Check what the service account may do; disable the automatic mount of tokens where the workload does not need it."
  strings:
    $token = "/run/secrets/kubernetes.io/serviceaccount"
    $bearer = "Bearer" nocase
    $host1 = "kubernetes.default"
    $host2 = "KUBERNETES_SERVICE_HOST"
    $want1 = "/secrets"
    $want2 = "/daemonsets"
    $want3 = "/clusterrolebindings"
    $want4 = "\"privileged\": true"
    $want5 = "privileged: true"
    $tool1 = "curl "
    $tool2 = "wget "
    $tool3 = "urlopen("
    $tool4 = "requests."
  condition:
    filesize < 256KB and program_text and $token and $bearer and any of ($host*) and any of ($tool*)
    and (#want1 > #token or any of ($want2, $want3, $want4, $want5) or (shebang and $want1))
}

rule credential_process_scraping {
  meta:
    id = "credential-access/process-scraping"
    title = "Reads the secrets of other processes"
    severity = "high"
    category = "credential-access"
    confidence = "medium"
    attack = "T1003.007"
    references = "https://attack.mitre.org/techniques/T1003/007/"
    explanation = "The text walks over all processes and reads their environment or memory, and looks for tokens and keys there or passes on what it finds."
    alternatives = "A debugger, a service manager or a checker for restarts; those do not look for credentials."
    remediation = "Treat the secrets of every process beside which this ran as known to others."
  strings:
    $walk1 = /\/proc\/(\*|\[0-9\]\*|\$\{?\w{1,20}\}?|\{\w{0,20}\})\/environ/
    $walk2 = /\/proc\/(\*|\[0-9\]\*|\$\{?\w{1,20}\}?|\{\w{0,20}\}|%d|%s)\/mem["'\s)]/
    $want1 = "AWS_SECRET" nocase
    $want2 = "_TOKEN" 
    $want3 = "SECRET" fullword
    $want4 = "PASSWORD" nocase
    $want5 = "API_KEY" nocase
    $want6 = "AKIA"
    $send1 = "curl "
    $send2 = "requests.post("
    $send3 = "urlopen("
    $send4 = "/dev/tcp/"
    $send5 = "wget "
    $send6 = "urllib.request"
  condition:
    filesize < 256KB and program_text and any of ($walk*) and any of ($want*) and any of ($send*)
}

rule credential_runner_memory {
  meta:
    id = "credential-access/runner-memory"
    title = "Takes secrets from the memory of a build runner"
    severity = "critical"
    category = "credential-access"
    confidence = "high"
    attack = "T1003.007, T1552"
    references = "https://github.com/DataDog/indicators-of-compromise https://www.cisa.gov/news-events/alerts/2025/03/18/supply-chain-compromise-third-party-tj-actionschanged-files-cve-2025-30066-and-reviewdogaction"
    explanation = "The text looks for the worker process of a build runner and reads its memory for values that are marked as secret. Nothing legitimate does this."
    alternatives = "None known apart from reports about such attacks."
    remediation = "Rotate every secret of every pipeline that ran this image."
  strings:
    $worker = "Runner.Worker"
    $mark1 = "isSecret"
    $mark2 = /\\"isSecret\\"/
    $memory1 = "/mem"
    $memory2 = "/maps"
    $memory3 = "ptrace" fullword
  condition:
    filesize < 4MB and not indicator_list and not documentation and $worker and any of ($mark*) and any of ($memory*)
}

rule credential_registry_login {
  meta:
    id = "credential-access/registry-login"
    title = "Copies the logins of container registries"
    severity = "medium"
    category = "credential-access"
    confidence = "medium"
    attack = "T1552.001"
    references = "https://attack.mitre.org/techniques/T1552/001/ https://docs.docker.com/reference/cli/docker/login/"
    explanation = "A script reads the file in which container clients keep their registry logins and encodes, picks out or sends what is in it."
    alternatives = "A build script that hands its own login to a tool such as kaniko."
    remediation = "Rotate the registry logins of machines on which this image ran."
  strings:
    $read1 = /(cat|base64|jq|cp|tar|grep|curl|sed|awk) [^\n]{0,200}\.docker\/config\.json/
    $read2 = /open\([^\n]{0,120}\.docker\/config\.json/
    $use1 = /\.docker\/config\.json[^\n]{0,80}\| {0,3}(base64|curl|nc|openssl|gzip)/
    $use2 = /curl [^\n]{0,200}@[^\s]{0,60}\.docker\/config\.json/
    $use3 = /(base64|jq) [^\n]{0,100}auths?\b[^\n]{0,100}\.docker\/config\.json/
    $use4 = "requests.post("
    $use5 = "urlopen("
  condition:
    filesize < 256KB and program_text and any of ($read*) and any of ($use*)
}

rule credential_shadow_sent {
  meta:
    id = "credential-access/shadow-sent"
    title = "Sends the password file away"
    severity = "critical"
    category = "credential-access"
    confidence = "high"
    attack = "T1003.008, T1041"
    references = "https://attack.mitre.org/techniques/T1003/008/"
    explanation = "A command hands the file with the password hashes to a program that sends it over the network."
    alternatives = "None in an image."
    remediation = "Change the passwords of every host on which this ran with the host's files in reach."
  strings:
    $send1 = /(curl|wget) [^\n]{0,240}(@|=|-T {0,2}|--upload-file |--post-file)["']?\/etc\/shadow/
    $send2 = /cat [^\n]{0,40}\/etc\/shadow[^\n|]{0,60}\|[^\n]{0,120}(curl|wget|nc|ncat|netcat|telnet|openssl s_client) /
    $send3 = /(nc|ncat|netcat) [^\n]{1,80}< {0,2}\/etc\/shadow/
    $send4 = /\/etc\/shadow[^\n]{0,80}> {0,2}\/dev\/tcp\//
  condition:
    filesize < 512KB and program_text and any of them
}

rule credential_publish_worm {
  meta:
    id = "credential-access/publish-worm"
    title = "Publishes packages with tokens that it finds"
    severity = "critical"
    category = "credential-access"
    confidence = "high"
    attack = "T1195.002, T1552.001"
    references = "https://github.com/DataDog/indicators-of-compromise https://www.cisa.gov/news-events/alerts/2025/09/23/widespread-supply-chain-compromise-impacting-npm-ecosystem"
    explanation = "The text looks for the registry tokens of whoever runs it, asks the registry what they may publish, and publishes: a worm that spreads through package registries."
    alternatives = "A release tool; those take one token from their configuration and publish one package."
    remediation = "Revoke the registry tokens, check every package of their owners for unexpected releases."
  strings:
    $find1 = "_authToken"
    $find2 = ".npmrc"
    $find3 = "NPM_TOKEN"
    $find4 = "findNpmTokens"
    $ask1 = "/-/whoami"
    $ask2 = "npm whoami"
    $ask3 = "maintainer:"
    $ask4 = "getOwnedPackages"
    $ask5 = "getPackagesByMaintainer"
    $act1 = "npm publish"
    $act2 = /["']npm["'],\s{0,4}\[\s{0,4}["']publish["']/
    $act3 = "deployWithToken"
    $act4 = "bumpPatch"
    $act5 = "updatePackage"
    $hook1 = "preinstall"
    $hook2 = "postinstall"
  condition:
    filesize < 16MB and not documentation and not indicator_list
    and any of ($find*) and any of ($ask*) and 1 of ($act*) and any of ($hook*)
    and (uint8(0) >= 0x20 or uint8(0) == 0x0a)
}

rule credential_wallets {
  meta:
    id = "credential-access/wallets"
    title = "Looks for several kinds of cryptocurrency wallets"
    severity = "high"
    category = "credential-access"
    confidence = "medium"
    attack = "T1005, T1555"
    references = "https://attack.mitre.org/techniques/T1555/"
    explanation = "One text names the places of three or more kinds of wallets, which only their own programs and thieves do."
    alternatives = "A forensic or backup tool."
    remediation = "Find what reads the text and where it sends what it finds."
  strings:
    $wallet1 = ".bitcoin/wallet" 
    $wallet2 = ".electrum/wallets"
    $wallet3 = ".ethereum/keystore"
    $wallet4 = ".config/solana/id.json"
    $wallet5 = "Exodus/exodus.wallet"
    $wallet6 = "atomic/Local Storage"
    $wallet7 = ".monero/wallets" 
    $wallet8 = "Coinomi/wallets"
    $wallet9 = "nkbihfbeogaeaoehlefnkodbefgpgknn"
    $wallet10 = "bfnaelmomeimhlpmgjnjophhpkkoljpa"
    $wallet11 = "multidoge/"
    $wallet12 = ".zcash"
  condition:
    filesize < 16MB and not documentation and not indicator_list and 3 of them
}
