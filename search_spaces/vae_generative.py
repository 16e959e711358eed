"""A VAE for what a generative model is for: the exact excess over the best possible density."""

from search_spaces.generative import CONFIRM, FIXED, GENERATIVE, GRACE, MAX_EPOCHS, TOP
from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="vae-generative",
    about="size, training, prior and importance weights of a VAE, by its density",
    family="vae",
    searched=GENERATIVE,
    fixed=FIXED,
    metric="val_excess_nll",
    grace=GRACE,
    max_epochs=MAX_EPOCHS,
    confirm=CONFIRM,
    top=TOP,
)
