"""The base search for a CVAE: the same ranges as `vae`, so that the two compare."""

from search_spaces.base import BASE
from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="cvae",
    about="size and training of a CVAE, by its reconstructions",
    family="cvae",
    searched=BASE,
)
