"""From layers to one file system: an index of each layer, the overlay of all, a view of the whole."""

from forensics.layers._unpacking import content_of
from forensics.layers.hidden import hidden_versions
from forensics.layers.index import index_layer
from forensics.layers.view import ImageView
from forensics.layers.wire import pack_index, unpack_index

__all__ = ["ImageView", "content_of", "hidden_versions", "index_layer", "pack_index", "unpack_index"]
