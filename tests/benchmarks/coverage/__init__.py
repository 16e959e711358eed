"""How often intervals and verdicts of `analysis` are right, simulated."""
