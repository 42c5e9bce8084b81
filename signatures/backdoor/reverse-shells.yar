rule backdoor_shell_device {
  meta:
    id = "backdoor/shell-device"
    title = "Reverse shell through the shell's network device"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.004, T1571"
    references = "https://attack.mitre.org/techniques/T1059/004/ https://www.gnu.org/software/bash/manual/html_node/Redirections.html"
    explanation = "A shell is connected to a remote host through /dev/tcp or /dev/udp: whoever listens there types commands in the container."
    alternatives = "A port check uses the same device, but connects no shell to it."
    remediation = "Do not run the image. The address is an indicator; look for it in the records of your network."
  strings:
    $interactive1 = /\b(ba|z|k)?sh -i[^\n]{0,40}[<>]&? {0,2}\/dev\/(tcp|udp)\/[^\s\/]{1,80}\/\S{1,10}/
    $interactive2 = /\/dev\/(tcp|udp)\/[^\s\/]{1,80}\/[^\s;|&]{1,10}[^\n]{0,40}(0>&1|<&1|0<&1|2>&1[^\n]{0,10}0>&1)/
    $descriptor1 = /exec {1,2}\d{1,3}<> {0,2}\/dev\/(tcp|udp)\/[^\s\/]{1,80}\/[^\n]{1,80}\n?[^\n]{0,80}(while read|cat <&|sh <&|bash <&|sh 0<&|\/sh [^\n]{0,10}<&)/
    $descriptor2 = /\d{1,3}<> {0,2}\/dev\/(tcp|udp)\/[^\n]{1,120}\bsh\b[^\n]{0,12}<&\d/
  condition:
    program_text and any of them
}

rule backdoor_netcat_shell {
  meta:
    id = "backdoor/netcat-shell"
    title = "Shell handed over by netcat"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.004, T1095"
    references = "https://attack.mitre.org/techniques/T1095/ https://nmap.org/ncat/guide/ncat-exec.html"
    explanation = "Netcat is started so that it runs a shell for whoever is at the other end of the connection."
    alternatives = "An example in a manual that is not recognised as one."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $run1 = /\b(nc|ncat|netcat|nc\.traditional|nc\.openbsd) [^\n|;&]{0,100}(-\w{0,4}[ec]|--exec|--sh-exec) {0,2}["']?(\/usr)?\/bin\/(ba|da|z|a)?sh\b/
    $run2 = /\b(nc|ncat|netcat)[^\n|;&]{0,100} -e ["']?(ba|da|z|a)?sh\b[^\n]{0,60}[\d.]{7,15} \d{2,5}/
    $fifo1 = /mkfifo {1,3}[^\n]{1,200}\| {0,3}(\/bin\/)?(ba|da|a)?sh[^\n|]{0,60}\| {0,3}(nc|ncat|netcat|telnet|openssl s_client)/
    $pipe1 = /\b(nc|ncat|netcat) [\w.$\{\}-]{3,60} \$?\{?\d?\w{1,6}\}? ?\| ?\/bin\/(ba|da|a)?sh\b[^\n]{0,40}\| ?(nc|ncat|netcat) /
  condition:
    filesize < 2MB and program_text and any of them
}

rule backdoor_python_shell {
  meta:
    id = "backdoor/python-shell"
    title = "Reverse shell in Python"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.006"
    references = "https://attack.mitre.org/techniques/T1059/006/"
    explanation = "A socket is opened, the standard streams are tied to it and a shell is started on them: a remote prompt."
    alternatives = "A terminal server or a test of one; they listen and authenticate."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $socket = /socket\.socket\(|socket\(\s?(socket\.)?AF_INET/
    $connect = ".connect("
    $tie1 = /dup2\(\s?\w{1,20}\.fileno\(\)\s?,\s?[012]\s?\)/
    $tie2 = /dup2\(\s?\w{1,20}\.fileno\(\)\s?,\s?(fd|f|i|x)\s?\)/
    $tie3 = /for \w{1,10} in [(\[]0, ?1, ?2[)\]]/
    $shell1 = /pty\.spawn\(\s?["'\[]{1,2}(\/bin\/)?(ba|da|z)?sh/
    $shell2 = /subprocess\.(call|Popen|run)\(\s?\[?["'](\/usr)?\/bin\/(ba|da|z)?sh["']/
    $shell3 = /os\.(system|execl|execve|execlp)\(\s?["'](\/usr)?\/bin\/(ba|da|z)?sh/
    $loop1 = /subprocess\.(Popen|check_output|getoutput|run)\([^\n]{0,60}\.recv\(/
    $loop2 = /exec\([^\n]{0,30}\.recv\(/
    $loop3 = /os\.popen\([^\n]{0,30}\.recv\(/
  condition:
    filesize < 1MB and program_text and $socket and $connect
    and ((any of ($tie*) and any of ($shell*)) or any of ($loop*))
}

rule backdoor_perl_shell {
  meta:
    id = "backdoor/perl-shell"
    title = "Reverse shell in Perl"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.006"
    references = "https://attack.mitre.org/techniques/T1059/"
    explanation = "Perl connects to a remote host, ties the standard streams to the connection and becomes a shell."
    alternatives = "None in an image."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $socket1 = /\bsocket\(\s?\w{1,10}\s?,\s?PF_INET/
    $socket2 = "IO::Socket::INET"
    $tie1 = /open\(\s?STDIN\s?,\s?["']>&/
    $tie2 = "STDIN->fdopen("
    $shell1 = /exec\s?[({]?\s?\{?["'](\/usr)?\/bin\/(ba|da)?sh/
    $shell2 = /system\s?[(]?\s?\$_/
  condition:
    filesize < 1MB and program_text and any of ($socket*) and any of ($tie*) and any of ($shell*)
}

rule backdoor_ruby_shell {
  meta:
    id = "backdoor/ruby-shell"
    title = "Reverse shell in Ruby"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059"
    references = "https://attack.mitre.org/techniques/T1059/"
    explanation = "Ruby connects to a remote host and runs a shell on the connection."
    alternatives = "None in an image."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $one = /TCPSocket\.(new|open)\([^\n]{3,80}\)[^\n]{0,160}(exec|spawn|IO\.popen)[ (][^\n]{0,80}(\/bin\/(ba|da)?sh|\bcmd\b|\bsh -i)/
    $two = /rsocket[^\n]{0,40}[^\n]{0,120}exec[^\n]{0,40}\/bin\/(ba|da)?sh/
  condition:
    filesize < 1MB and program_text and any of them
}

rule backdoor_php_shell {
  meta:
    id = "backdoor/php-shell"
    title = "Reverse shell in PHP"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059, T1505.003"
    references = "https://attack.mitre.org/techniques/T1505/003/"
    explanation = "PHP opens a connection to a remote host and gives it a shell."
    alternatives = "None in an image."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $socket1 = /\bfsockopen\(\s?["'$]/
    $socket2 = "stream_socket_client("
    $socket3 = "socket_connect("
    $shell1 = /\b(exec|shell_exec|system|passthru|popen)\(\s?["'](\/usr)?(\/bin\/)?(ba|da)?sh -i/
    $shell2 = /proc_open\(\s?["'][^"'\n]{0,40}\bsh\b/
    $shell3 = /proc_open\(\s?\$shell/
    $shell4 = /<&3 >&3 2>&3/
  condition:
    filesize < 1MB and program_text and any of ($socket*) and any of ($shell*)
}

rule backdoor_node_shell {
  meta:
    id = "backdoor/node-shell"
    title = "Reverse shell in JavaScript"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.007"
    references = "https://attack.mitre.org/techniques/T1059/007/"
    explanation = "Node.js connects to a remote host and ties a shell's streams to the connection."
    alternatives = "A terminal in the browser; that listens, and authenticates."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $net1 = /require\(["'](node:)?net["']\)/
    $net2 = "new net.Socket("
    $shell1 = /spawn\(\s?["'](\/usr)?(\/bin\/)?(ba|da|z)?sh["']/
    $shell2 = /exec\(\s?["'](\/usr)?\/bin\/(ba|da|z)?sh/
    $tie1 = /\.pipe\(\s?\w{1,20}\.stdin\s?\)/
    $tie2 = /\.stdout\.pipe\(/
    $connect = ".connect("
  condition:
    filesize < 1MB and program_text and any of ($net*) and any of ($shell*) and all of ($tie*) and $connect
}

rule backdoor_socat_shell {
  meta:
    id = "backdoor/socat-shell"
    title = "Shell handed over by socat or openssl"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.004, T1573"
    references = "https://attack.mitre.org/techniques/T1573/"
    explanation = "A connection, often an encrypted one, is joined to a shell: whoever is at its other end types commands."
    alternatives = "A console of a virtual machine; that joins a terminal, not the network."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $socat1 = /\bsocat [^\n]{0,200}\bexec:["']?(\/usr)?(\/bin\/)?(ba|da|z)?sh\b[^\n]{0,160}(tcp|udp|openssl|ssl)[\w-]{0,12}:/ nocase
    $socat2 = /\bsocat [^\n]{0,200}(tcp|udp|openssl|ssl)[\w-]{0,12}:[^\n]{1,160}\bexec:["']?(\/usr)?(\/bin\/)?(ba|da|z)?sh\b/ nocase
    $openssl1 = /sh -i[^\n|]{0,60}\|[^\n]{0,20}openssl s_client [^\n]{0,80}-connect/
    $openssl2 = /openssl s_client [^\n]{0,120}-connect [^\n|]{3,120}\| ?(\/bin\/)?(ba|da)?sh\b/
  condition:
    filesize < 1MB and program_text and any of them
}

rule backdoor_awk_shell {
  meta:
    id = "backdoor/awk-shell"
    title = "Reverse shell in awk"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.004, T1571"
    references = "https://attack.mitre.org/techniques/T1059/004/ https://www.gnu.org/software/gawk/manual/gawkinet/"
    explanation = "Awk connects to a remote host, reads lines from it, runs each as a command and sends back what the command says."
    alternatives = "None in an image; clients of other protocols do not run the lines that they read."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $device = /\/inet[46]?\/(tcp|udp)\/0\//
    $loop = /\|& {0,2}getline \w{1,12}\b[^\x00]{0,160}while {0,2}\([^\n;]{0,16}\( {0,2}\w{1,12} {0,2}\|&? {0,2}getline/
    $command = /\bgetline \w{1,12}?[^\w][^\x00]{0,160}?\( {0,2}?\w{1,12}?[ |]/
    $system = /\|& {0,2}getline {1,3}\w{1,12}\b[^\x00]{0,160}system\( {0,2}\w{1,12} {0,2}\)/
  condition:
    filesize < 1MB and program_text and $device and ($system or $loop and
      // What was read is what is started: one name behind the first getline and before the last pipe.
      for any i in (1..#command) : (
        for any length in (1..12) : (
          (uint8(@command[i] + !command[i] - length - 2) == 0x28 or uint8(@command[i] + !command[i] - length - 2) == 0x20)
          and (uint8(@command[i] + 8 + length) < 0x30 or uint8(@command[i] + 8 + length) == 0x3b)
          and for all k in (0..length - 1) : (
            uint8(@command[i] + 8 + k) == uint8(@command[i] + !command[i] - length - 1 + k)
          )
        )
      )
    )
}

rule backdoor_lua_shell {
  meta:
    id = "backdoor/lua-shell"
    title = "Reverse shell in Lua"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1059.011"
    references = "https://attack.mitre.org/techniques/T1059/011/"
    explanation = "Lua runs as a command what it receives from the network, or ties a shell to a connection."
    alternatives = "None in an image."
    remediation = "Do not run the image. The address is an indicator."
  strings:
    $socket = /\brequire {0,2}\(? {0,2}["']socket["']/
    $run1 = /:receive\([^\x00]{0,240}(io\.popen|os\.execute)\( {0,2}\w{1,16} {0,2}[,)]/
    $run2 = /(io\.popen|os\.execute)\([^\n]{0,40}:receive\(/
    $tie = /os\.execute\( {0,2}["'](\/bin\/)?(ba|da|z)?sh -i[^\n]{0,12}<&/
  condition:
    filesize < 1MB and program_text and $socket and any of ($run*, $tie)
}
