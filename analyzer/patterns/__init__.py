"""Hours that look alike, and hours that look like no other (the only package that knows scikit-learn)."""
