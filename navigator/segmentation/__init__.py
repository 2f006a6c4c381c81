"""Structures found in a scan by rules alone: no weights, no training, each rule can be read."""
