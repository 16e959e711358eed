"""The space in a file of somebody's own, as a study goes on with it."""

from pathlib import Path

from moons.words import shell
from search_spaces.load import load_space
from search_spaces.space import SearchSpace
from study.errors import StudyError
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.own_model import check_code, described, file_words, own_model


def space_of_file(manifest: Manifest, file: Path | str | None, folder: Path) -> SearchSpace:
    """The space in a file, whose model is the one that the study in `folder` trains.

    Raises:
        StudyError: no file is given or it cannot be read, or its model is another one.
    """
    recorded = manifest.space
    if file is None:
        raise StudyError(
            f"{folder} trains {described(recorded)}, a model of somebody's own: give its file "
            f"with {shell(*file_words(manifest))}"
        )
    try:
        space = load_space(str(file))
    except ValueError as error:
        raise StudyError(str(error)) from None
    name, found = own_model(recorded), space.as_dict()
    if own_model(found) != name or (name is not None and space.model_name != name):
        raise StudyError(
            f"--space must be the file of {described(recorded)}, which {folder} trains, got {file} "
            f"with {space.model_name}"
        )
    curves = StudyFolder(folder).curves
    if not curves.is_file() or curves.stat().st_size:  # else no number depends on the code so far
        check_code(recorded, (found.get("code") or {}).get("hash", ""), file, folder)
    return space
