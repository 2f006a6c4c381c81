"""Synthetic patients with exact truth: anatomy, plate, motion and a CT scanner.

The package judges the engine and therefore shares no code with it: only the demo knows both.
Start with :func:`phantoms.anatomy.build_patient` and :func:`phantoms.scanner.scan_patient`, or with
a named case, :func:`phantoms.cases.build_case`.
"""
