"""Fuzzing: one harness a parser (see docs/fuzzing.md)."""
