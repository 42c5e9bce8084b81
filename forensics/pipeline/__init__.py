"""The whole analysis: a session over one image, its workers, its events."""

from forensics.pipeline.options import Options
from forensics.pipeline.session import Session

__all__ = ["Options", "Session"]
