"""Frames, rigid motions, lines, ellipsoids and point sets: pure geometry, no anatomy."""
