"""One module a command; each defines `COMMAND` and is imported when its command is asked for."""
