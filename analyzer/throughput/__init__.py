"""What an engine delivers: from live records, measured sweeps, AIConfigurator, or a roofline."""
