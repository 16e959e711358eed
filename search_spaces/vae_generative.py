"""A VAE for what a generative model is for: the exact excess over the best possible density."""

from search_spaces.generative import FIXED, GENERATIVE, GRACE
from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="vae-generative",
    about="size, depth, training and beta of a VAE, by its density",
    family="vae",
    searched=GENERATIVE,
    fixed=FIXED,
    metric="val_excess_nll",
    grace=GRACE,
)
