"""The sidecar: relays LLM traffic and says what it saw."""

__version__ = "0.1.0"
