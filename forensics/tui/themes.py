"""The two looks of the interface: dark for the night shift, light for daylight and print."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="forensics-dark",
    primary="#6cb6ff",
    secondary="#8ddb8c",
    accent="#dcbdfb",
    foreground="#cdd9e5",
    background="#14181d",
    surface="#191e24",
    panel="#232a32",
    success="#6bc46d",
    warning="#e3a84b",
    error="#ff7b72",
    dark=True,
    variables={
        "text-muted": "#8d9aa8",
        "input-selection-background": "#6cb6ff 30%",
        "border": "#6cb6ff",
        "border-blurred": "#39424d",
        "scrollbar": "#39424d",
        "scrollbar-background": "#191e24",
        "scrollbar-hover": "#4b5764",
    },
)

LIGHT = Theme(
    name="forensics-light",
    primary="#0550ae",
    secondary="#116329",
    accent="#6639ba",
    foreground="#1f2328",
    background="#ffffff",
    surface="#fafbfc",
    panel="#e9edf1",
    success="#116329",
    warning="#7d4e00",
    error="#b3141f",
    dark=False,
    variables={
        "text-muted": "#57606a",
        "border": "#0550ae",
        "border-blurred": "#c4ccd4",
        "scrollbar": "#c4ccd4",
        "scrollbar-background": "#fafbfc",
    },
)

THEMES = (DARK, LIGHT)
