"""Borders: scans, structures and documents come in right or are refused, and go out atomically."""
