"""Does next to nothing: what is measured is everything around it."""
