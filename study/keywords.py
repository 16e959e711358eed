"""The options of a command as keyword arguments: the same names, defaults and sentences."""

import dataclasses
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from search_spaces.settings import setting_text
from study.errors import StudyError

SETTINGS = "set"  # the option that takes a mapping from settings to values as well
NO_OPTIONS = ("given",)  # what a command line leaves in its options


class UnknownOption(StudyError, TypeError):
    """A keyword argument that is no option of the command."""


def words_of(kind: type, call: str, keywords: Mapping[str, Any]) -> list[str]:
    """The command line that says the same, so that both are read and refused alike.

    Args:
        kind: the dataclass that the command line is read into.
        call: what was called, for sentences.
        keywords: what it was called with; None leaves an option out.

    Raises:
        StudyError: an argument is no option, or its value cannot stand on a command line.
    """
    known = {field.name: field for field in options_of(kind)}
    if unknown := sorted(keywords.keys() - known.keys()):
        raise UnknownOption(f"{call} has no option {unknown[0]!r}; its options: {', '.join(known)}")
    try:
        return [
            word
            for name, value in keywords.items()
            if value is not None
            for word in _words(known[name], value)
        ]
    except ValueError as error:
        raise StudyError(str(error)) from None


def options_of(kind: type) -> list["dataclasses.Field[Any]"]:
    """The fields that are options."""
    return [field for field in dataclasses.fields(kind) if field.name not in NO_OPTIONS]


def _words(option: "dataclasses.Field[Any]", value: Any) -> Iterator[str]:
    name, flag = option.name, f"--{option.name.replace('_', '-')}"
    if isinstance(option.default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{flag} must be True or False, got {value!r}")
        if value:
            yield flag
    elif option.default is dataclasses.MISSING:  # it stands on the command line without a name
        path = str(value)
        yield f"./{path}" if path.startswith("-") else path
    elif name == SETTINGS and isinstance(value, Mapping):
        yield from (f"{flag}={setting_text(key, one)}" for key, one in value.items())
    elif isinstance(option.default, tuple):
        yield from (f"{flag}={one}" for one in (value if _is_many(value) else [value]))
    elif _is_many(value):
        yield f"{flag}={','.join(map(str, value))}"
    else:
        yield f"{flag}={value}"


def _is_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def signature_of(
    kind: type, positional: str, more: Sequence[inspect.Parameter], returns: Any
) -> inspect.Signature:
    """What help and completion show of a function that takes the options as keyword arguments.

    Args:
        kind: the dataclass that the command line is read into.
        positional: the option that may stand without its name.
        more: keyword arguments that are no options.
        returns: what the function returns.
    """
    hints = get_type_hints(kind, include_extras=True)
    options = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD
            if option.name == positional
            else inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty
            if option.default is dataclasses.MISSING
            else option.default,
            annotation=_plain_type(option.name, hints[option.name]),
        )
        for option in options_of(kind)
    ]
    first = [one for one in options if one.name == positional]
    others = [one for one in options if one.name != positional]
    return inspect.Signature([*first, *others, *more], return_annotation=returns)


def _plain_type(name: str, hint: Any) -> Any:
    """The type without what a command line needs; a path may be text, settings a mapping."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if name == SETTINGS:
        return Mapping[str, Any] | Sequence[str]
    if get_origin(hint) is tuple:
        return Sequence[_plain_type(name, get_args(hint)[0])]  # type: ignore[misc]
    if Path in (hint, *get_args(hint)):
        return hint | str
    return hint
