"""Hardware in a CT: marker spheres and the plate that they belong to."""
