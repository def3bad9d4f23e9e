"""The report of an analysis: as data first, then as a page, as Markdown and as files."""
