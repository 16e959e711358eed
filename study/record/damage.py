"""What can be wrong with a study's folder, and the exit code that says which."""

from study.errors import DAMAGED, StudyError


class RecordError(StudyError, ValueError):
    """A study's folder cannot be used as it is; one sentence with what to do."""


class DamagedRecord(RecordError):
    """A file of the record is missing or cannot be read; the sentence names it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, DAMAGED)
