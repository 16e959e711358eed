"""What is searched, over which ranges and why those: one file a space."""
