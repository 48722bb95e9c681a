"""Insertion scripts: made, proved, cached, and only ever read as data."""
