"""The open engine for CT-guided microwave ablation of liver tumours through a printed template.

Research software. It is not a medical device and no number that it prints may be the only
reason for a clinical act.
"""

__version__ = "0.1.0"
