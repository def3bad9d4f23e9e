"""Where measurements go: the accumulator behind the metrics page, and the records on disk."""
