"""Retraining chosen configs on fresh seeds, on the same Ray machinery as a study."""
