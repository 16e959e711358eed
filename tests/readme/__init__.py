"""The results in README.md, rendered from the reference studies: `python -m tests.readme`."""
