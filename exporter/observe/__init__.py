"""From the events of one exchange to its facts; text ends here."""
