"""Lies beside the package, so that pytest puts this folder on the import path."""
