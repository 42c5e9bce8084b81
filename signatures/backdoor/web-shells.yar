// Each language names a variable that the visitor fills and a function that runs code or commands, close together and in
// the form of a call. The variables carry the rare bytes by which such places are found.
rule backdoor_web_shell {
  meta:
    id = "backdoor/web-shell"
    title = "Web shell"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1505.003"
    references = "https://attack.mitre.org/techniques/T1505/003/"
    explanation = "A page runs what a visitor sends: a backdoor that needs nothing but the web server that serves it."
    alternatives = "A deliberately vulnerable training application."
    remediation = "Remove the page; look in the server's records for who called it."
  strings:
    $open1 = "<?php" nocase private
    $open2 = /<\?=?[@\s]{0,4}(`|(eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec|create_function)\s?\()[^\x00]{0,60}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase private
    $php1 = /[^\w>:$'"@]@{0,2}((eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec|create_function)\s{0,4}\(\s{0,4}(@|\(|"\{?|["'](\?>|;)?["']\s?\.\s?|(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|stripslashes|stripcslashes|trim|urldecode|rawurldecode|hex2bin|escapeshellcmd|end|current|reset|implode|join|array_pop|array_shift)\s?\(\s?|pack\(["']H\*["'],\s?){0,4}|eval\s?\(\s?(@|\(|\w{1,24}\s?\(\s?){0,4})(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
    $quoted = /\n[ \t]{0,40}(\/\/|#|\* {1,4}[a-z]{2,20}) [^\n\r?*\/;]{0,80}((eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec|create_function)\s{0,4}\(\s{0,4}(@|\(|"\{?|["'](\?>|;)?["']\s?\.\s?|(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|stripslashes|stripcslashes|trim|urldecode|rawurldecode|hex2bin|escapeshellcmd|end|current|reset|implode|join|array_pop|array_shift)\s?\(\s?|pack\(["']H\*["'],\s?){0,4}|eval\s?\(\s?(@|\(|\w{1,24}\s?\(\s?){0,4})(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase private
    $php2 = /(\$_GET|\$_POST|\$_REQUEST|\$_COOKIE)\s?[\[{][^\]}\n]{1,30}[\]}]\s?\(\s?(@|\(|"\{?|["'](\?>|;)?["']\s?\.\s?|(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|stripslashes|stripcslashes|trim|urldecode|rawurldecode|hex2bin|escapeshellcmd|end|current|reset|implode|join|array_pop|array_shift)\s?\(\s?|pack\(["']H\*["'],\s?){0,4}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/
    $php3 = /preg_replace\(\s?["'][^"'\n]{1,40}[\/#~|][imsux]{0,4}e[imsux]{0,4}["']\s?,\s?(@|\(|"\{?|["'](\?>|;)?["']\s?\.\s?|(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|stripslashes|stripcslashes|trim|urldecode|rawurldecode|hex2bin|escapeshellcmd|end|current|reset|implode|join|array_pop|array_shift)\s?\(\s?|pack\(["']H\*["'],\s?){0,4}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
    $php4 = /\b(call_user_func|call_user_func_array|forward_static_call|array_map)\s?\(\s?@?(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))[^\]\n;]{1,40}\]\s{0,2},/ nocase
    $php5 = /\b(array_filter|array_walk|usort|uasort|uksort)\s?\([^\n;()]{1,60},\s?@?(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
    $php6 = /\bcreate_function\s?\([^\n;]{1,40},\s?["'{@]{0,3}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
    $php7 = /(<\?=|<\?php\s|<\?\s|[;{}]\s{0,8}|\becho\s|\bprint\s|\bdie\(|\bexit\(|\bprint\(|\breturn\s|\$\w{1,20}\s?=)\s{0,4}@?`[^`"'\n;]{0,60}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
    $php8 = /\bfile_put_contents\s?\(\s?@?(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))[^\n;]{1,80},\s{0,2}(@|\w{1,24}\(\s?){0,2}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
    $php9 = /\$\w{1,24}\s?=\s?(["']\w{1,12}["']\s?\.\s?["']\w{1,12}["'][^;\x00]{0,120}|["'](assert|system|exec|passthru|shell_exec|popen)["']|(str_rot13|base64_decode|strrev|hex2bin|chr)\s?\([^;\x00]{1,120});[^\x00]{0,240}[^\w>:]\$\w{1,24}\s?\(\s?(@|\(|"\{?|["'](\?>|;)?["']\s?\.\s?|(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|stripslashes|stripcslashes|trim|urldecode|rawurldecode|hex2bin|escapeshellcmd|end|current|reset|implode|join|array_pop|array_shift)\s?\(\s?|pack\(["']H\*["'],\s?){0,4}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
    $php10 = /[^\w>:$'"](eval|assert|system|passthru|shell_exec|exec)\s?\(\s?(@|\w{1,24}\s?\(\s?|["']\?>["']\s?\.\s?){0,4}["']php:\/\/input/ nocase
    $php11 = /[^\w>:$'"](eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec|create_function)\s?\(\s?(@|\w{1,24}\s?\(\s?){0,4}(getallheaders|apache_request_headers)[(]\)\s?\[/ nocase
    $flow = /\$\w{1,24}?\s{0,4}?=\s{0,4}?(@|\(|\w{1,24}?\s??\(\s??){0,4}?((\$_GET\s??[\[{)]|\$_POST\s??[\[{)]|\$_REQUEST\s??[\[{)]|\$_COOKIE\s??[\[{)]|\$_SERVER\s??[\[{]\s??["']??(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))|"php:\/\/input"|'php:\/\/input')[^;\x00]{0,80}?;[^\x00]{0,240}?[^\w>:$'"](eval|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec)\s{0,2}?\(\s{0,2}?@??\$\w{1,24}?[\s,;).]/ nocase
    $jsp1 = /getRuntime\(\)\s{0,8}\.\s{0,2}exec\([^\n;]{0,120}request\s?\.\s?getParameter(Values)?\(/
    $jsp2 = /new ProcessBuilder\([^\n;]{0,120}request\s?\.\s?getParameter(Values)?\(/
    $page1 = "<%@page" nocase private
    $page2 = "<%@ page" nocase private
    $page3 = "<jsp:" private
    $asked = "getParameter"
    $run1 = "getRuntime"
    $run2 = "new ProcessBuilder"
    $asp1 = /\b(eval|execute|executeglobal)[ \t(]{1,4}request\("/ nocase
    $asp2 = "eval(request.item[\"" nocase
    $asp3 = "eval(request.form[\"" nocase
    $asp4 = "execute(request.form(\"" nocase
    $asp5 = /\beval[ \t(]{1,4}[^\n;%]{1,80},\s?"unsafe"\s?\)/ nocase
    $asp6 = "\"/c \" + request" nocase
    $asp7 = "\"/c \"+request" nocase
    $cgi = /(eval|exec|system)\s?["'`(]{0,2}\$\{?QUERY_STRING/
  condition:
    (
      (program_text or (served and any of ($open*)))
      and (
        #php1 > #quoted // a comment that warns of such a call is no call
        or any of ($php2, $php3, $php4, $php5, $php6, $php7, $php8, $php9, $php10, $php11)
        // What was assigned from the request is what runs: the same name at the start and at the end of the match.
        or for any i in (1..#flow) : (
          for any length in (1..24) : (
            uint8(@flow[i] + !flow[i] - length - 2) == 0x24
            and (uint8(@flow[i] + length + 1) == 0x20 or uint8(@flow[i] + length + 1) == 0x3d)
            and for all k in (1..length) : (
              uint8(@flow[i] + k) == uint8(@flow[i] + !flow[i] - length - 2 + k)
            )
          )
        )
      )
    )
    or (
      served and (
        any of ($jsp*) or any of ($asp*)
        or (
          (any of ($page*) or uint16be(0) == 0x3c25) // <%
          and (
            for any i in (1..#run1) : (
              uint32be(@run1[i] + 12) == 0x2e657865 and $asked in (@run1[i] - 400..@run1[i]) // .exe
            )
            or for any i in (1..#run2) : ($asked in (@run2[i] - 400..@run2[i]))
          )
        )
      )
    )
    or (filesize < 1MB and program_text and $cgi)
}

rule backdoor_request_include {
  meta:
    id = "backdoor/request-include"
    title = "Page that loads code named by a visitor"
    severity = "high"
    category = "backdoor"
    confidence = "high"
    attack = "T1505.003"
    references = "https://attack.mitre.org/techniques/T1505/003/ https://www.php.net/manual/en/function.include.php"
    explanation = "A PHP page includes the file, or the address, that a parameter names: whoever can upload a file, or write a line of a log, runs code."
    alternatives = "A careless or deliberately vulnerable page; it is open to the same use."
    remediation = "Remove the page or give it a list of names; look in the server's records for who called it with a path."
  strings:
    $open = "<?php" nocase private
    $include = /[^\w>:$'"]@?(include|include_once|require|require_once)[\s(]{1,4}@?(\$_GET\s?\[|\$_POST\s?\[|\$_REQUEST\s?\[|\$_COOKIE\s?\[|\$_FILES\s?\[)/ nocase
  condition:
    served and $open and $include
}

rule backdoor_web_service {
  meta:
    id = "backdoor/web-service"
    title = "Web service that runs what a visitor sends"
    severity = "critical"
    category = "backdoor"
    confidence = "high"
    attack = "T1505.003, T1059"
    references = "https://attack.mitre.org/techniques/T1505/003/"
    explanation = "A program answers requests and hands a value of the request to a shell or an interpreter: whoever reaches its port has the container."
    alternatives = "A deliberately vulnerable training application."
    remediation = "Do not run the image; look in the records of the network for who called the service."
  strings:
    $flask1 = /(\bos\.system|\bos\.popen|\bsubprocess\.\w{3,20}|[^\w.]eval|[^\w.]exec)\(\s?\[?[^\n#]{0,40}\breque(st\.args|st\.form|st\.values|st\.get_json|st\.cookies|st\.GET|st\.POST)\b/
    $flask2 = /\b\w{1,24}?\s{0,2}?=\s{0,2}?(\w{1,20}?\(\s??){0,2}?\breque(st\.args|st\.form|st\.values|st\.get_json|st\.cookies|st\.GET|st\.POST)\b[^\n]{0,80}?\n[^\x00]{0,240}?(\bos\.system|\bos\.popen|\bsubprocess\.\w{3,20}?)\(\s??\w{1,24}?[\s,).]/
    $cgi1 = /(\bos\.system|\bos\.popen|\bsubprocess\.\w{3,20}|[^\w.]eval|[^\w.]exec)\(\s?\[?[^\n#]{0,40}\b(getvalue|getfirst)\(\s?["']/
    $cgi2 = /\b\w{1,24}?\s{0,2}?=\s{0,2}?(\w{1,20}?\(\s??){0,2}?\w{1,20}?\.(getvalue|getfirst)\(\s??["'][^\n]{0,80}?\n[^\x00]{0,240}?(\bos\.system|\bos\.popen|\bsubprocess\.\w{3,20}?)\(\s??\w{1,24}?[\s,).]/
    $form = "FieldStorage"
    $perl = /\b(system|exec|qx|open)\s?[({`]{0,2}\s?\$\w{1,12}->param\(/
    $node = "child_process"
    $node1 = /(\bcp\.|child_process\.|child_process["']\)\.|[^\w.])(exec|execSync|spawn|spawnSync)\(\s?(String\(|decodeURIComponent\(|`\$\{|url\.parse\(|new URL\(){0,2}req\.(query|body|params|headers|url)\b/
    $node3 = /\b(exec|execSync|spawn|spawnSync)\(\s?url\.parse\(\s?\w{1,24}\.url\b/
    $node2 = /\b\w{1,24}?\s{0,2}?=\s{0,2}?(url\.parse\(|new URL\(|decodeURIComponent\(|await ){0,2}?req\.(query|body|params|headers|url)\b[^\x00]{1,300}?(\bcp\.|child_process\.|child_process["']\)\.|[^\w.])(exec|execSync|spawn|spawnSync)\(\s??\w{1,24}?[\s,).\[]/
  condition:
    served and filesize < 4MB and (
      $flask1 or $perl or ($form and $cgi1) or ($node and any of ($node1, $node3))
      // The same name at the start and at the end of the match, as for PHP.
      or for any i in (1..#flask2) : (
        for any length in (1..24) : (
          (uint8(@flask2[i] + !flask2[i] - length - 2) == 0x28 or uint8(@flask2[i] + !flask2[i] - length - 2) == 0x20)
          and (uint8(@flask2[i] + length) == 0x20 or uint8(@flask2[i] + length) == 0x3d)
          and for all k in (0..length - 1) : (
            uint8(@flask2[i] + k) == uint8(@flask2[i] + !flask2[i] - length - 1 + k)
          )
        )
      )
      or ($form and for any i in (1..#cgi2) : (
        for any length in (1..24) : (
          (uint8(@cgi2[i] + !cgi2[i] - length - 2) == 0x28 or uint8(@cgi2[i] + !cgi2[i] - length - 2) == 0x20)
          and (uint8(@cgi2[i] + length) == 0x20 or uint8(@cgi2[i] + length) == 0x3d)
          and for all k in (0..length - 1) : (
            uint8(@cgi2[i] + k) == uint8(@cgi2[i] + !cgi2[i] - length - 1 + k)
          )
        )
      ))
      or ($node and for any i in (1..#node2) : (
        for any length in (1..24) : (
          (uint8(@node2[i] + !node2[i] - length - 2) == 0x28 or uint8(@node2[i] + !node2[i] - length - 2) == 0x20)
          and (uint8(@node2[i] + length) == 0x20 or uint8(@node2[i] + length) == 0x3d)
          and for all k in (0..length - 1) : (
            uint8(@node2[i] + k) == uint8(@node2[i] + !node2[i] - length - 1 + k)
          )
        )
      ))
    )
}

rule backdoor_code_in_picture {
  meta:
    id = "backdoor/code-in-picture"
    title = "Picture that holds code for a web server"
    severity = "high"
    category = "backdoor"
    confidence = "high"
    attack = "T1027.003, T1505.003"
    references = "https://attack.mitre.org/techniques/T1027/003/ https://attack.mitre.org/techniques/T1505/003/"
    explanation = "The content begins as a picture does and holds PHP further on: filters let it pass, and a server runs the code wherever its tag stands."
    alternatives = "Test data of a program that reads or checks pictures."
    remediation = "Remove the file; look for the page or the setting of the server that makes it run."
  strings:
    $tag = /<\?php[\s@\/]{1,4}[\w$@`\/#(]/ nocase
    $echo = /<\?=\s{0,3}@?(`|(eval|assert|system|passthru|shell_exec|exec|popen|proc_open|pcntl_exec|create_function)\s?\()[^\x00]{0,60}(\$_GET\s?[\[{)]|\$_POST\s?[\[{)]|\$_REQUEST\s?[\[{)]|\$_COOKIE\s?[\[{)]|\$_SERVER\s?[\[{]\s?["']?(HTTP_|QUERY_S|REQUEST_U|PATH_IN|PHP_AUTH))/ nocase
  condition:
    filesize < 32MB and any of them
    and (
      uint16be(0) == 0xffd8 or uint32be(0) == 0x47494638 or uint32be(0) == 0x89504e47
      or (uint16be(0) == 0x424d and uint32be(6) == 0) or (uint32be(0) == 0x52494646 and uint32be(8) == 0x57454250)
    )
}
