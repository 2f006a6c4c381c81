"""Frames, rigid motions, lines, ellipsoids, point sets, their errors: pure geometry, no anatomy."""
