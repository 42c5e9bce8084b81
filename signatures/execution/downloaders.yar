rule execution_fetch_to_interpreter {
  meta:
    id = "execution/fetch-to-interpreter"
    title = "Runs what it downloads without looking at it"
    severity = "medium"
    category = "backdoor"
    confidence = "medium"
    attack = "T1105, T1059.004"
    references = "https://attack.mitre.org/techniques/T1105/"
    explanation = "A download goes straight into an interpreter: what runs is decided by whoever controls the address at that moment, and nothing of it remains in the image."
    alternatives = "The installation recipe of a well-known tool."
    remediation = "Fetch the address in isolation and look at it; pin and verify what is installed."
  strings:
    $pipe1 = /\bcurl [^\n;&#]{0,300}\| {0,4}(sudo |doas |nohup |env |exec )?(-\w {0,2})?(\/\S{1,24}\/)?(ba|da|z|k|a)?sh\b[^.\w]/
    $pipe2 = /\bwget [^\n;&#]{0,300}\| {0,4}(sudo |doas |nohup |env |exec )?(-\w {0,2})?(\/\S{1,24}\/)?(ba|da|z|k|a)?sh\b[^.\w]/
    $pipe3 = /\b(curl|wget) [^\n;&#]{0,300}\| {0,4}(sudo |nohup |env )?(\/\S{1,24}\/)?(python[23]?(\.\d{1,2})?|perl|ruby|node|php)( -)?\s/
    $prompt = /["'`]\$ (curl|wget) [^\n;&#]{0,300}\|/ private
    $substitution1 = /\b(ba|da|z)?sh {1,2}<\( {0,2}(curl|wget) /
    $substitution2 = /\b((ba|da|z)?sh -\w{0,3}c|eval) {1,2}["']?(\$\(|`) {0,2}(curl|wget) /
    $substitution3 = /(\bsource|[\n;&] {0,8}\.) {1,2}<\( {0,2}(curl|wget) /
    $python = /exec\([^\n]{0,60}(urlopen|requests\.get)\([^\n]{0,200}\.(read\(|text|content)/
    $node1 = /\bhttps?["']?\)?\.get\([^\x00]{0,240}\b(eval|new Function|vm\.runIn\w{4,12})\(\s?\w{1,24}(\.join\(["']{2}\)|\.toString\(\))?\s?\)/
    $node2 = /\bfetch\(["'`]https?:[^\n]{0,240}\.then\(\s?(eval\s?\)|\(?\w{1,24}\)?\s?=>\s?eval\(\s?\w)/
  condition:
    filesize < 512KB and program_text and (
      any of ($substitution*) or $python or any of ($node*)
      or #pipe1 + #pipe2 + #pipe3 > #prompt // a message that shows the command behind a prompt
    )
}

rule execution_fetch_from_bare_address {
  meta:
    id = "execution/fetch-from-bare-address"
    title = "Runs a download from a bare address or an odd place"
    severity = "high"
    category = "backdoor"
    confidence = "high"
    attack = "T1105, T1059.004"
    references = "https://attack.mitre.org/techniques/T1105/"
    explanation = "A script that is fetched by IP address, from a hidden service, from an unusual port or under an image's name goes straight into an interpreter. Publishers of software have names; command servers have addresses."
    alternatives = "A local mirror in a test set-up."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $fetch1 = /\b(curl|wget)\b[^\n;&#]{0,200}http:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d{2,5})?\/[^\n;&]{0,120}\| {0,4}(sudo |nohup |env |exec )?(\/\S{1,24}\/)?((ba|da|z|a)?sh|python[23]?|perl)\b/
    $fetch2 = /\b(curl|wget)\b[^\n;&#]{0,200}\.onion[\/:][^\n;&]{0,160}\| {0,4}(sudo |nohup )?(\/\S{1,24}\/)?((ba|da|z|a)?sh|python[23]?|perl)\b/
    $fetch3 = /\b(curl|wget)\b[^\n;&#]{0,200}https?:\/\/[^\n\s|]{3,160}\.(jpe?g|png|gif|ico|css|pdf) ?(2>[^\n|]{0,20})?\| {0,4}(sudo |nohup )?(\/\S{1,24}\/)?((ba|da|z|a)?sh|python[23]?|perl)\b/
    $fetch4 = /(\$\(|`|<\() {0,2}(curl|wget)\b[^\n;&#]{0,120}http:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
    $shell4 = /(eval|(ba|da|z)?sh -\w{0,3}c|(ba|da|z)?sh) {1,2}["']?(\$\(|`|<\() {0,2}(curl|wget)/
    $fetch5 = /exec\([^\n]{0,60}(urlopen|requests\.get)\(["']http:\/\/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
  condition:
    filesize < 512KB and program_text and ($fetch1 or $fetch2 or $fetch3 or ($fetch4 and $shell4) or $fetch5)
}

rule execution_stage_and_run {
  meta:
    id = "execution/stage-and-run"
    title = "Downloads a program to a temporary folder and runs it"
    severity = "high"
    category = "backdoor"
    confidence = "high"
    attack = "T1105, T1222.002, T1059.004"
    references = "https://attack.mitre.org/techniques/T1105/"
    explanation = "A file is fetched into a folder that anybody may write, made executable and started: the classical dropper. The program itself is in no layer."
    alternatives = "The installer of a tool that unpacks itself in a temporary folder; those come from a name and are checked."
    remediation = "Do not run the image. Fetch the address in isolation; the file's digest is an indicator."
  strings:
    $fetch1 = /\bcurl\b[^\n;&]{0,240}(-o|--output|>) ?["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/run\/shm|\/var\/run|\$TMPDIR)\/[^\s;&|]{1,80}/
    $fetch2 = /\bwget\b[^\n;&]{0,240}(-\w{0,4}O ?|--output-document[ =]|-P ?)["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/run\/shm|\/var\/run|\$TMPDIR)\/?[^\s;&|]{0,80}/
    $fetch3 = /\bcd {1,2}(\/tmp|\/var\/tmp|\/dev\/shm)[^\n]{0,60}(;|&&|\|\||\n)[^\n]{0,80}\b(curl|wget|tftp|ftpget) [^\n]{4,200}/
    $fetch4 = /urlretrieve\([^\n]{1,200}["'](\/tmp|\/var\/tmp|\/dev\/shm)\//
    $allow1 = /chmod {1,2}(-R {1,2})?([ugoa]{0,3}\+r?w?x|0?[4-7]?7[0-7]{2}|755|700) {1,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/run\/shm|\/var\/run|\$TMPDIR)\/[^\s;&|]{1,80}/
    $allow2 = /chmod {1,2}([ugoa]{0,3}\+r?w?x|0?[4-7]?7[0-7]{2}|755|700) {1,2}["']?[\w.\/$\{\}\*-]{1,60}/
    $allow3 = /os\.chmod\([^\n]{1,80}(0o?7|stat\.S_IX)/
    $run1 = /(\n|;|&&|\|\||nohup|setsid|exec|sudo|then|sh) {0,8}["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/run\/shm|\/var\/run|\$TMPDIR)\/[\w.-]{1,80}["']?( [^\n]{0,120})?[&>\n;]/
    $run2 = /chmod {1,2}[^\n;&]{1,80}(;|&&|\n)[^\n]{0,40}\.\/[\w.-]{1,60}/
    $fetch5 = /\burlopen\(/
    $fetch6 = /\brequests\.get\(/
    $fetch7 = /\bhttps?["']?\)?\.(get|request)\(/
    $fetch8 = /\bfetch\(["'`]https?:\/\//
    $fetch9 = /\baxios(\.get)?\(/
    $write1 = /\bopen\(["'](\/tmp|\/var\/tmp|\/dev\/shm)\/[^"'\n]{1,80}["'],\s?["']w/
    $write2 = /\bwriteFile(Sync)?\([^\n]{0,40}["'`](\/tmp|\/var\/tmp|\/dev\/shm)\//
    $write3 = /\bcreateWriteStream\([^\n]{0,40}["'`](\/tmp|\/var\/tmp|\/dev\/shm)\//
    $run4 = /\b(exec|spawn)(Sync|File|FileSync)?\([^\n]{0,40}(\/tmp|\/var\/tmp|\/dev\/shm)\//
    $run3 = /(subprocess\.\w{3,12}|os\.system|os\.popen)\([^\n]{0,40}(\/tmp|\/var\/tmp|\/dev\/shm)\//
  condition:
    filesize < 256KB and program_text and (
      (any of ($fetch1, $fetch2) and $allow1 and $run1)
      or ($fetch3 and $allow2 and $run2)
      or ($fetch4 and $allow3 and $run3)
      or (any of ($fetch5, $fetch6) and $write1 and $run3)
      or (any of ($fetch7, $fetch8, $fetch9) and any of ($write2, $write3) and $run4)
    )
}

rule execution_decode_to_shell {
  meta:
    id = "execution/decode-to-shell"
    title = "Decodes hidden text and runs it"
    severity = "high"
    category = "defense-evasion"
    confidence = "high"
    attack = "T1140, T1027, T1059.004"
    references = "https://attack.mitre.org/techniques/T1140/"
    explanation = "A command is kept encoded and handed to an interpreter once decoded. That serves only to keep readers and scanners from seeing it."
    alternatives = "A carrier of a script through a tool that cannot quote; then the decoded text shows it."
    remediation = "Read the decoded text that is shown with the file and judge by that."
  strings:
    $pipe1 = /\bbase64 {1,2}(-d|-D|-di|-id|--decode)\b[^\n;&]{0,120}\| {0,4}(sudo |nohup |env |exec )?(\/\S{1,24}\/)?((ba|da|z|k|a)?sh|python[23]?|perl|ruby|node|php)\b[^.\w]/
    $pipe2 = /\bbase64 {1,2}(-d|-D|--decode)\b[^\n;&]{0,60}\| {0,4}(gunzip|gzip -\w{0,3}d|zcat|bunzip2|xz -\w{0,3}d|tac|rev)[^\n;&|]{0,40}\| {0,4}(sudo |nohup )?(\/\S{1,24}\/)?((ba|da|z|k|a)?sh|python[23]?|perl)\b/
    $pipe3 = /\bxxd {1,2}-\w{0,3}r\w{0,3}( -p\w{0,2})?[^\n;&]{0,80}\| {0,4}(sudo |nohup )?(\/\S{1,24}\/)?((ba|da|z|k|a)?sh|python[23]?|perl)\b/
    $pipe4 = /\bopenssl {1,2}(enc|base64)\b[^\n;&|]{0,160} -d\b[^\n;&]{0,120}\| {0,4}(sudo |nohup )?(\/\S{1,24}\/)?((ba|da|z|k|a)?sh|python[23]?|perl)\b/
    $pipe5 = /\bprintf {1,2}["']?(\\x[0-9a-fA-F]{2}|\\[0-7]{3}){6,4000}["']? ?\| {0,4}(\/\S{1,24}\/)?(ba|da|z|a)?sh\b/
    $eval1 = /\b(eval|(ba|da|z)?sh {1,2}-\w{0,3}c) {1,2}["']?(\$\(|`)[^\n]{0,4000}\bbase64 {1,2}(-d|-D|--decode)/
    $eval2 = /\b(ba|da|z)?sh {1,2}(-\w {1,2})?<(<< ?["']?\$)?\([^\n]{0,4000}\bbase64 {1,2}(-d|-D|--decode)/
    $eval3 = /\beval {1,2}["']?(\$\(|`) {0,2}(echo|printf) {1,2}-?e? {0,2}["']?(\\x[0-9a-fA-F]{2}){6,4000}/
  condition:
    filesize < 2MB and program_text and any of them
}

rule execution_decode_in_python {
  meta:
    id = "execution/decode-in-python"
    title = "Python code that is hidden in an encoding"
    severity = "high"
    category = "defense-evasion"
    confidence = "high"
    attack = "T1027.010, T1059.006, T1620"
    references = "https://attack.mitre.org/techniques/T1620/"
    explanation = "Python decodes, decompresses or unmarshals a text and runs what comes out, so that the code is never seen as code."
    alternatives = "A vendor's licence protection."
    remediation = "Read the decoded text that is shown with the file and judge by that."
  strings:
    $exec1 = /\b(exec|eval)\s?\(\s?(compile\s?\(\s?)?(__import__\(["']\w{2,12}["']\)\.)?(zlib\.decompress|bz2\.decompress|lzma\.decompress|gzip\.decompress|marshal\.loads|base64\.b\d\d?decode|b64decode|binascii\.unhexlify|unhexlify|bytes\.fromhex|codecs\.decode)\s?\(/
    $exec2 = /\b(exec|eval)\s?\(\s?(__import__\(["'](zlib|base64|marshal|codecs|bz2|lzma|binascii)["']\))/
    $exec3 = /\b(exec|eval)\s?\(\s?\w{1,20}\s?\(\s?(base64\.)?b\d\dd(ecode)?\s?\(\s?["'b]/
    $exec4 = /subprocess\.\w{3,12}\(\s?\[?\s?(sys\.executable|["']python[\d.]{0,4}["'])[^\n]{0,120}(b64decode|base64)/
    $exec5 = /\bpython[\d.]{0,4} -c ["'][^\n]{0,80}exec\([^\n]{0,80}b64decode\(/
    $exec6 = /_\s?=\s?lambda __\s?:\s?__import__\(/
  condition:
    filesize < 8MB and program_text and any of them
}

rule execution_decode_in_other {
  meta:
    id = "execution/decode-in-other"
    title = "PHP, JavaScript, Perl or Ruby code that is hidden in an encoding"
    severity = "high"
    category = "defense-evasion"
    confidence = "medium"
    attack = "T1027.010, T1059"
    references = "https://attack.mitre.org/techniques/T1027/010/"
    explanation = "Code is decoded and run in one expression, so that it is never seen as code."
    alternatives = "A vendor's licence protection."
    remediation = "Decode the text and judge by what it says."
  strings:
    $php1 = /\beval\s?\(\s?(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev)\s?\(\s?(str_rot13\s?\(\s?|base64_decode\s?\(\s?|strrev\s?\(\s?)?["'$]/
    $php2 = /\bassert\s?\(\s?base64_decode\s?\(/
    $js1 = /\b(eval|Function|vm\.runInThisContext|vm\.runInNewContext)\s?\(\s?(Buffer\.from\(|atob\(|new Buffer\()/
    $js2 = /child_process["']?\)?\.exec(Sync)?\(\s?(Buffer\.from\(|atob\()/
    $perl1 = /\beval\s?\(?\s?(unpack\s?\(?\s?["']u|decode_base64\s?\()/
    $ruby1 = /\beval\s?\(?\s?(Base64\.(strict_)?decode64|\[?["'][^"'\n]{20,4000}["']\]?\.unpack1?\(["']m)/
  condition:
    filesize < 2MB and program_text and any of them
}

rule execution_memory_file {
  meta:
    id = "execution/memory-file"
    title = "Script that runs a program from memory"
    severity = "high"
    category = "defense-evasion"
    confidence = "high"
    attack = "T1620, T1027.011"
    references = "https://attack.mitre.org/techniques/T1620/ https://man7.org/linux/man-pages/man2/memfd_create.2.html"
    explanation = "A script makes a file that exists in memory only, fills it with something fetched or decoded and starts it. No file is left to find."
    alternatives = "A test of the system call."
    remediation = "Do not run the image. What is fetched or decoded is the program: get it in isolation."
  strings:
    $make1 = "memfd_create" fullword
    $make2 = /syscall\(\s?(319|279|356|385)\s?,/
    $make3 = "os.memfd_create("
    $run1 = "/proc/self/fd/"
    $run2 = /\/proc\/["'\s]{0,3}[.+]\s{0,2}[\$\w(]{1,20}[^\n]{0,20}\/fd\//
    $run3 = "fexecve" fullword
    $run4 = /\/proc\/(\{|%d|\$\$)[^\n]{0,16}\/fd\//
    $what1 = "urlopen("
    $what2 = "b64decode("
    $what3 = "curl "
    $what4 = "decode_base64("
    $what5 = "requests.get("
    $what6 = "pack(\"H*\""
    $what7 = "zlib.decompress("
    $what8 = "LWP::"
    $what9 = ".recv("
  condition:
    filesize < 8MB and program_text and any of ($make*) and any of ($run*) and any of ($what*)
}

rule execution_install_hook {
  meta:
    id = "execution/install-hook"
    title = "Package that runs foreign code when it is installed"
    severity = "high"
    category = "backdoor"
    confidence = "high"
    attack = "T1195.002, T1059.007"
    references = "https://attack.mitre.org/techniques/T1195/002/ https://docs.npmjs.com/cli/v10/using-npm/scripts"
    explanation = "The package's manifest names a command that is run on installation, and that command downloads, decodes or evaluates something."
    alternatives = "A package that fetches its own prebuilt program; that is done by a named tool, not by a shell command."
    remediation = "Remove the package; treat the machine on which it was installed as entered."
  strings:
    $manifest = /"version"\s?:\s?"/
    $hook1 = /"(pre|post)?install"\s?:\s?"[^"\n]{0,200}(curl|wget) [^"\n]{0,200}(\||-o|-O|&&|;)/
    $hook2 = /"(pre|post)?install"\s?:\s?"[^"\n]{0,60}node -e [^\n]{0,200}(eval|atob|base64|child_process|https?:)/
    $hook3 = /"(pre|post)?install"\s?:\s?"[^"\n]{0,100}base64 (-d|-D|--decode)/
    $hook4 = /"(pre|post)?install"\s?:\s?"node (\.\/)?(setup_bun|bun_environment|bundle|router_init)\.m?js/
    $hook5 = /"(pre|post)?install"\s?:\s?"[^"\n]{0,100}\/dev\/tcp\//
    $hook6 = /"(pre|post)?install"\s?:\s?"[^"\n]{0,60}(powershell|python[23]? -c) [^\n]{0,100}(http|exec|b64)/
  condition:
    filesize < 512KB and uint8(0) == 0x7b and $manifest and any of ($hook*)
}
