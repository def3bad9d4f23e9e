"""What the observer tells over HTTP, on a port of its own."""
