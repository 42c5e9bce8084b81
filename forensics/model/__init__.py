"""The frozen records every room speaks in."""
