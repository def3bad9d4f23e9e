"""What the analyzer predicts of an engine, beside what was measured of it."""
