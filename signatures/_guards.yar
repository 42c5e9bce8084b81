private rule shebang { condition: uint16be(0) == 0x2321 }
