"""What the JSON of each inference API means."""
