"""What engines say about themselves when they are asked; nothing here runs unless a setting says so."""
