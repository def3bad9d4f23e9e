"""From recorded requests to what to run."""
