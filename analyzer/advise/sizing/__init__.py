"""How many replicas, running what: capacity under latency objectives by simulation, and the choice of knobs."""
