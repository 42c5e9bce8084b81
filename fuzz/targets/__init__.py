"""The harnesses: every module defines one `TARGET`."""
