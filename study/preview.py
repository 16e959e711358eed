"""`--list-spaces` and `--dry-run`: what there is, and what a study would do."""


def show_spaces() -> None:
    """Prints each space with its ranges."""
