"""From lengths and load to what to run."""
