"""What README and docs say of the reference studies, rendered: `python -m tests.readme`."""
