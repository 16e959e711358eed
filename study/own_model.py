"""Models of somebody's own: which one a record was made with, and that a file still is that one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search_spaces.load import load_space
from search_spaces.space import SearchSpace
from study.errors import StudyError


def own_model(recorded: Mapping[str, Any]) -> str | None:
    """What a record calls its model; None where that is `vae` or `cvae`.

    Args:
        recorded: the space as the manifest has it. A class may be called `vae` as well, so that its
            code decides; manifests without one are older, and go by the name.
    """
    name = str(recorded.get("model"))
    return name if recorded.get("code") or name not in ("vae", "cvae") else None


def space_of_file(
    recorded: Mapping[str, Any], file: Path | str | None, folder: Path
) -> SearchSpace:
    """The space in a file, whose model is the one that the study in `folder` trains.

    Raises:
        StudyError: no file is given or it cannot be read, or its model is another one.
    """
    name = own_model(recorded)
    code = recorded.get("code") or {}
    source = f"{name} of {code['file']}" if code.get("file") else f"{name}"
    if file is None:
        raise StudyError(
            f"{folder} trains {source}, a model of somebody's own: give its file "
            "with --space FILE.py"
        )
    try:
        space = load_space(str(file))
    except ValueError as error:
        raise StudyError(str(error)) from None
    found = space.as_dict()
    if own_model(found) != name or (name is not None and space.model_name != name):
        raise StudyError(
            f"--space must be the file of {source}, which {folder} trains, got {file} with "
            f"{space.model_name}"
        )
    if code and code["hash"] != found["code"]["hash"]:
        raise StudyError(
            f"--space must be the file of {source} as {folder} was begun with it (hash "
            f"{code['hash']}), got {file} with other code (hash {found['code']['hash']}); put the "
            "file and what it imports back as they were, or begin a new study"
        )
    return space
