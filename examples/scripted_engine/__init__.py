"""An OpenAI-compatible engine whose delays and counts are known, for the demo and for end-to-end tests."""
