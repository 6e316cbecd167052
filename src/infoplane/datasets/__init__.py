"""Data: bundled, found or downloaded with a checksum."""
