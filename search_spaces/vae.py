"""The base search for a VAE: how to train it and how large it should be."""

from search_spaces.base import BASE
from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="vae",
    about="size and training of a VAE, by its reconstructions",
    family="vae",
    searched=BASE,
)
