"""The durable record of a study: what is on disk, and how it gets there without being lost."""
