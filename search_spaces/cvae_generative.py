"""A CVAE by its density given the label: the ranges of `vae-generative`."""

from search_spaces.generative import FIXED, GENERATIVE, GRACE
from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="cvae-generative",
    about="size, depth, training and beta of a CVAE, by its density",
    family="cvae",
    searched=GENERATIVE,
    fixed=FIXED,
    metric="val_excess_nll",
    grace=GRACE,
)
