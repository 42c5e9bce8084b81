"""Widgets that know no domain type, draw only what is seen, and show nothing a terminal would obey."""

from forensics.tui.widgets._tree_rows import NodeId, TreeModel
from forensics.tui.widgets.boxes import Below, Beside, Sheets, Slot
from forensics.tui.widgets.breadcrumb import Breadcrumb
from forensics.tui.widgets.byte_source import (
    ByteSource,
    Highlight,
    Highlights,
    Hit,
    ReadableBytes,
    find_bytes,
    in_memory,
    parse_needles,
)
from forensics.tui.widgets.facts import Blank, Fact, Heading, Item, KeyValues, Paragraph
from forensics.tui.widgets.filter_bar import FilterBar
from forensics.tui.widgets.flat_tree import FlatTree, TreeColumn
from forensics.tui.widgets.hex_view import HexSource, HexView
from forensics.tui.widgets.strings import FoundString, extract_strings
from forensics.tui.widgets.strings_view import StringsView
from forensics.tui.widgets.styled import TONES, Part, Styled, plain, to_content
from forensics.tui.widgets.syntax import language_of
from forensics.tui.widgets.text_view import TextView
from forensics.tui.widgets.virtual_table import Column, TableModel, VirtualTable

__all__ = [
    "TONES",
    "Below",
    "Beside",
    "Blank",
    "Breadcrumb",
    "ByteSource",
    "Column",
    "Fact",
    "FilterBar",
    "FlatTree",
    "FoundString",
    "Heading",
    "HexSource",
    "HexView",
    "Highlight",
    "Highlights",
    "Hit",
    "Item",
    "KeyValues",
    "NodeId",
    "Paragraph",
    "Part",
    "ReadableBytes",
    "Sheets",
    "Slot",
    "StringsView",
    "Styled",
    "TableModel",
    "TextView",
    "TreeColumn",
    "TreeModel",
    "VirtualTable",
    "extract_strings",
    "find_bytes",
    "in_memory",
    "language_of",
    "parse_needles",
    "plain",
    "to_content",
]
