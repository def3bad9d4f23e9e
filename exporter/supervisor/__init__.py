"""The process that starts the others, starts them again, and answers for their health."""
