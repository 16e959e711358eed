"""Which data a study is about, as its manifest says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moons.code import CannotLoad, SpaceCode
from moons.sources import UnknownData, register, remember
from moons.sources.names import NAMED, Names

if TYPE_CHECKING:
    from moons.sources.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A source by its name, a file, or a source of one's own in a space file.

    Attributes:
        name: as configs have it.
        columns, classes: what they are called.
        rows: of a file; None for a source that is drawn from.
        path: of the file of points, or of the space file that has the source; absolute.
        label: the file's column with the classes.
        kind: the class of a source of one's own.
        files: what the space file reads from its folder.
        exact: whether the source has a density with noise above 0.
        source: one of one's own, where this process has it.
    """

    name: str = "moons"
    columns: tuple[str, ...] = NAMED["moons"].columns
    classes: tuple[str, ...] = NAMED["moons"].classes
    rows: int | None = None
    path: str | None = None
    label: str | None = None
    kind: str | None = None
    files: tuple[str, ...] = ()
    exact: bool = True
    source: "Source | None" = field(default=None, compare=False, repr=False)

    @classmethod
    def named(cls, name: str) -> "Data":
        """A source that comes with the project."""
        return cls(name=name, columns=NAMED[name].columns, classes=NAMED[name].classes)

    @classmethod
    def read(cls, said: str, label: str | None = None) -> "Data":
        """What `--data` and `--label` name; a file is read, and known to this process from then on.

        Raises:
            ValueError: there is no such source, or the file does not hold points; one sentence.
        """
        if said in NAMED:
            if label is not None:
                raise ValueError(f"--label is for a file, and --data is {said}; leave it out")
            return cls.named(said)
        if not Path(said).suffix and not Path(said).exists():
            raise ValueError(
                f"--data must be one of {', '.join(NAMED)}, or a CSV, Parquet or NPZ file, "
                f"got {said!r}"
            )
        from moons.sources.file import read_points

        points = read_points(said, label)
        register(points)
        path = str(Path(said).expanduser().absolute())
        return cls(
            name=points.name,
            columns=points.columns,
            classes=points.classes,
            rows=len(points),
            path=path,
            label=label,
        )

    @classmethod
    def own(cls, said: object, code: SpaceCode | None = None) -> "Data":
        """A class of one's own or an instance, known to this process from then on.

        Args:
            said: derives from `moons.sources.source.Source`.
            code: of the space file that it is from.

        Raises:
            ValueError: it breaks the contract; one sentence.
        """
        from moons.sources.own import has_density, name_of, named, source_of

        source = source_of(said)
        register(named(source, name_of(source, code), code))
        return cls(
            name=source.name,
            columns=source.columns,
            classes=source.classes,
            path=str(Path(code.path).absolute()) if code else None,
            kind=type(source).__qualname__,
            files=tuple(file.name for file in code.files) if code else (),
            exact=has_density(source),
            source=source,
        )

    @property
    def settings(self) -> dict[str, Any]:
        """What every config of the study has."""
        return {"data": self.name, "data_dim": len(self.columns), "classes": len(self.classes)}

    @property
    def defaults(self) -> dict[str, Any]:
        """What configs have where neither space nor `--set` says otherwise: all of a file."""
        return {} if self.rows is None else {"n_samples": self.rows, "noise": 0.0}

    @property
    def known(self) -> bool:
        """Whether there is an exact density, with noise above 0."""
        return self.rows is None and self.exact

    def check(self, fixed: Mapping[str, Any], searched: Mapping[str, Any]) -> None:
        """Refuses settings that these data cannot have.

        Raises:
            ValueError: one sentence.
        """
        if self.rows is None:
            return
        if "noise" in searched or fixed.get("noise", 0.0) != 0.0:
            raise ValueError(f"noise cannot be set for {self.name}: nothing is added to a file")
        sizes = searched["n_samples"].ends() if "n_samples" in searched else ()
        if max([*sizes, fixed.get("n_samples", 0)]) > self.rows:
            raise ValueError(
                f"n_samples must be at most {self.rows}, the rows of {self.name}, got "
                f"{max([*sizes, fixed.get('n_samples', 0)])}"
            )

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        found: dict[str, Any] = {"name": self.name, "columns": list(self.columns)}
        found |= {"classes": list(self.classes)}
        if self.kind is not None:
            found |= {"class": self.kind, "exact": self.exact, "files": list(self.files)}
            return found | ({"path": self.path} if self.path else {})
        file = {"rows": self.rows, "path": self.path, "label": self.label}
        return found | (file if self.path else {})

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any] | None) -> "Data":
        """What `as_dict` gave `fields` for; moons for a manifest without any."""
        if fields is None:
            return cls()
        data = cls(
            name=str(fields["name"]),
            columns=tuple(map(str, fields["columns"])),
            classes=tuple(map(str, fields["classes"])),
            rows=fields.get("rows"),
            path=fields.get("path"),
            label=fields.get("label"),
            kind=fields.get("class"),
            files=tuple(map(str, fields.get("files", ()))),
            exact=bool(fields.get("exact", True)),
        )
        data.remember()
        return data

    def remember(self) -> None:
        """Lets this process open the file when it first needs its points."""
        if self.path is not None:
            remember(self.name, self._open if self.kind is None else self._open_own)

    def _open_own(self) -> "Source":
        from moons.sources.own import OwnSource

        assert self.path is not None
        try:
            code = SpaceCode.read(Path(self.path), self.files)
            self._check_same(code.digest)  # before any of it is run
            return OwnSource(code, self.name)()
        except CannotLoad as error:
            raise UnknownData(f"{error}; the study needs it as it was") from None

    def _open(self) -> Any:
        from moons.sources.file import CannotRead, read_points

        assert self.path is not None
        try:
            points = read_points(self.path, self.label)
        except CannotRead as error:
            raise UnknownData(f"{error}; the study needs it as it was") from None
        self._check_same(points.name.rpartition("#")[2])
        return points

    def _check_same(self, found: str) -> None:
        begun = self.name.rpartition("#")[2]
        if found != begun:
            raise UnknownData(
                f"{self.path} is not what it was when the study was begun (hash {begun}, now "
                f"{found}); put it back as it was, or begin a new study"
            )


def names_of(data: str, columns: int, classes: int) -> Names:
    """What columns and classes are called, also of data that this process cannot open."""
    from moons.sources import source_named

    try:
        source = source_named(data)
        return Names(source.columns, source.classes)
    except ValueError:
        return Names(
            tuple(f"x{i + 1}" for i in range(columns)), tuple(f"class {i}" for i in range(classes))
        )
