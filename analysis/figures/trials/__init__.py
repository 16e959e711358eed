"""Figures about the trials of a study, or of several."""
