"""The organs of the phantom, each room a region of the trunk, as parts in painting order."""
