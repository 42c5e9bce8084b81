"""The SBOM formats that are read: one `SBOM_FORMAT` plugin a module."""
