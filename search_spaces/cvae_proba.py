"""What the two probabilistic settings do to a CVAE: the ranges and sizes of `vae-proba`."""

from search_spaces.space import SearchSpace
from search_spaces.vae_proba import FIXED, PROBA

SPACE = SearchSpace(
    name="cvae-proba",
    about="beta and eps_w of a CVAE of middling size, drawn at random",
    family="cvae",
    searched=PROBA,
    fixed=FIXED,
    sampler="random",
    scheduler="none",  # as the error alone would stop all trials with a large beta
)
