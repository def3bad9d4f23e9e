"""One module for each board."""
