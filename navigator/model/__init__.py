"""The nouns of the domain: frozen, in one frame each, without any algorithm."""
