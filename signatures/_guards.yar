// What other rules ask about a content before they speak: its form, and whether it does or only describes.

private rule elf {
  condition:
    uint32be(0) == 0x7f454c46
}

private rule shebang {
  condition:
    uint16be(0) == 0x2321 and uint8(2) != 0x5b
}

// What a scanner matches against, by its structure: an intrusion detection rule set, a YARA or Sigma rule.
private rule scanner_rules {
  strings:
    $snort1 = "$HOME_NET" private
    $snort2 = "$EXTERNAL_NET" private
    $yara1 = /\n\s{0,8}strings:\s{0,4}\n/ private
    $yara2 = /\n\s{0,8}condition:/ private
    $sigma1 = "logsource:" private
    $sigma2 = "detection:" private
    $falco = /\n- (rule|macro|list): / private
    $toml = "[[indicator]]" private
  condition:
    not elf and not shebang and (any of ($snort*) or all of ($yara*) or all of ($sigma*) or $falco or $toml)
}

// A list that people or programs match against: rules of a scanner, or a feed.
private rule indicator_list {
  strings:
    $words1 = "indicators of compromise" nocase private
    $words2 = "threat intelligence" nocase private
    $words3 = "blocklist" nocase private
    $words4 = "blacklist" nocase private
  condition:
    scanner_rules or (not elf and not shebang and any of them)
}

// Manuals, change logs, syntax files and completions: they speak of commands, nothing runs them.
private rule manual {
  strings:
    $man1 = "\n.SH " private
    $man2 = "\n.TH " private
    $man3 = "\n.Sh " private
    $man4 = "\n.Dd " private
    $markdown1 = "](http" private
    $markdown2 = "\n```" private
    $rst1 = "\n.. code" private
    $rst2 = "\n.. note::" private
    $rst3 = "\n.. seealso::" private
    $info = "This is the top of the INFO tree" private
    $vim1 = "\nsyn keyword " private
    $vim2 = "\nsyn match " private
    $completion1 = "COMPREPLY" private
    $completion2 = "\n#compdef" private
    $completion3 = "\ncomplete -c " private
    $patch = /\ndiff --git a\// private
    $changelog = "\n -- " private
    $docbook = "<programlisting" private
  condition:
    not elf and not shebang and any of them
}

// Manuals, and pages: most of these are read and not run.
private rule documentation {
  strings:
    $html1 = "<html" nocase private
    $html2 = "<!DOCTYPE" nocase private
  condition:
    manual or (not elf and not shebang and any of them)
}

// What a server may run wherever its tag stands: a page with markup of its own, and data behind the first bytes of a
// picture. Whoever asks for it names the tag or the language. A manual may hold tags too, but does not begin with one.
private rule served {
  condition:
    filesize < 32MB and not elf and (
      not (manual or scanner_rules)
      or uint32be(0) == 0x3c3f7068 // <?ph
      or uint32be(0) == 0x47494638 or uint32be(0) == 0x89504e47 or uint16be(0) == 0xffd8 or uint16be(0) == 0x424d
    )
}

// Text that something may run: an interpreter line, or text that neither describes nor lists. No byte at its start is
// zero, which leaves out programs, archives, images and compiled Python.
private rule program_text {
  condition:
    filesize < 4MB and not elf and (shebang or not (documentation or indicator_list))
    and not for any place in (0..127) : (uint8(place) == 0)
}
