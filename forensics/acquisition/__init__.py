"""Keeps an image as it arrived: an OCI layout for other programs, what was received, and a record of it."""

from forensics.acquisition._acquiring import Acquired, acquire
from forensics.acquisition._target import check_target

__all__ = ["Acquired", "acquire", "check_target"]
