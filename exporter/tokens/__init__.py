"""From text to token counts, per model, and where the vocabularies come from."""
