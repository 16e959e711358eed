"""A CVAE by its density given the label: the ranges of `vae-generative`."""

from search_spaces.generative import CONFIRM, FIXED, GENERATIVE, GRACE, MAX_EPOCHS, TOP
from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="cvae-generative",
    about="size, training, prior and importance weights of a CVAE, by its density",
    family="cvae",
    searched=GENERATIVE,
    fixed=FIXED,
    metric="val_excess_nll",
    grace=GRACE,
    max_epochs=MAX_EPOCHS,
    confirm=CONFIRM,
    top=TOP,
)
