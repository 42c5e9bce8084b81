"""Declared SBOMs: where they hide, what they say, and how that compares with packages and bytes."""

from forensics.sbom._byproduct import ByProduct
from forensics.sbom._byproducts import BY_PRODUCTS
from forensics.sbom._discovery import discover
from forensics.sbom._reading import UnknownFormat, read_sbom, sbom_formats
from forensics.sbom._reconciliation import Reconciler, reconcile
from forensics.sbom.formats._format import SbomFormat

__all__ = [
    "BY_PRODUCTS",
    "ByProduct",
    "Reconciler",
    "SbomFormat",
    "UnknownFormat",
    "discover",
    "read_sbom",
    "reconcile",
    "sbom_formats",
]
