"""Where received contents are kept: by digest, bounded in size, shared by processes that run at once."""

from forensics.store._inventory import StoreContents, StoredImage, look_at
from forensics.store._pruning import Pruned
from forensics.store._receiving import Receiving, StoreMismatch
from forensics.store._store import Store, store_folder

__all__ = [
    "Pruned",
    "Receiving",
    "Store",
    "StoreContents",
    "StoreMismatch",
    "StoredImage",
    "look_at",
    "store_folder",
]
