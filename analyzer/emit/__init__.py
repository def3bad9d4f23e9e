"""Advice as files that people apply."""
