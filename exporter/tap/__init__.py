"""The bounded mailbox between relay and observer: it drops, counts, and never blocks."""
