"""Images as measuring instruments: sampling, cropping, distances, surfaces, tissue."""
