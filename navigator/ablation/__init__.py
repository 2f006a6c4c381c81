"""Ablation zones and margins: what will be dead, and how far beyond the tumour."""
