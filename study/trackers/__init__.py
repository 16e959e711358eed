"""Experiment trackers that people already have, fed through Ray's own callbacks."""
