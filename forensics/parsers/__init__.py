"""Bytes to values, one module a format, and nothing else."""
