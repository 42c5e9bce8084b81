"""Benchmarks: `python -m bench` (see docs/benchmark.md)."""
