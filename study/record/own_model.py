"""Models of somebody's own: which one a record was made with, and the file that has it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moons.code import CannotLoad, SpaceCode
from moons.words import shell
from study.record.damage import RecordError
from study.record.manifest import Manifest

if TYPE_CHECKING:
    from moons.models import VAE


def own_model(recorded: Mapping[str, Any]) -> str | None:
    """What a record calls its model; None where that is `vae` or `cvae`.

    Args:
        recorded: the space as the manifest has it. A class may be called `vae` as well, so that its
            code decides; manifests without one are older, and go by the name.
    """
    name = recorded.get("model")
    return str(name) if recorded.get("code") or name not in (None, "vae", "cvae") else None


def described(recorded: Mapping[str, Any]) -> str:
    """The model's class and file, as sentences name them."""
    file = (recorded.get("code") or {}).get("file")
    return f"{own_model(recorded)} of {file}" if file else f"{own_model(recorded)}"


def file_words(manifest: Manifest) -> list[str]:
    """What a command about the study needs besides its folder: the file of a model."""
    if own_model(manifest.space) is None:
        return []
    known = manifest.options.get("space") or manifest.space.get("code")
    return ["--space", manifest.space_option if known else "FILE.py"]


def report_command(folder: object, manifest: Manifest) -> str:
    """What to type to draw a study's page again."""
    return shell("python", "-m", "analysis.report", folder, *file_words(manifest))


def check_code(recorded: Mapping[str, Any], found: str, file: object, folder: Path) -> None:
    """Refuses other code than a study was begun with.

    Args:
        recorded: the space as the manifest has it.
        found: the hash of the code in `file`.
        file: as it was given.
        folder: the study's.

    Raises:
        RecordError: the hashes differ.
    """
    begun = (recorded.get("code") or {}).get("hash")
    if begun not in (None, found):
        raise RecordError(
            f"--space must be the file of {described(recorded)} as {folder} was begun with it "
            f"(hash {begun}), got {file} with other code (hash {found}); put the file and what it "
            "imports back as they were, or begin a new study"
        )


def code_of_file(manifest: Manifest, file: Path, folder: Path) -> SpaceCode:
    """The code of the model of a study.

    Raises:
        RecordError: the study's model is built in, or the file is another one or cannot be read.
    """
    recorded = manifest.space
    if own_model(recorded) is None:
        raise RecordError(
            f"--space is for a model of your own, and {folder} trains {recorded.get('model')}; "
            "leave it out"
        )
    try:
        code, _ = SpaceCode.load(file)
    except CannotLoad as error:
        raise RecordError(str(error)) from None
    check_code(recorded, code.digest, file, folder)
    return code


def model_of_file(manifest: Manifest, file: Path, folder: Path) -> "type[VAE]":
    """The class of the model of a study, from its file, which is run.

    Raises:
        RecordError: as for `code_of_file`, or it cannot be run.
    """
    try:
        return code_of_file(manifest, file, folder).model()
    except CannotLoad as error:
        raise RecordError(str(error)) from None
