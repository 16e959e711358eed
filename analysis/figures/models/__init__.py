"""Figures about the model that a trial left, and about its data."""
