"""How much data and how much noise: a full grid, the model held still."""

from search_spaces.space import Choice, SearchSpace
from search_spaces.vae_proba import FIXED

SPACE = SearchSpace(
    name="data",
    about="number of samples by noise, a full grid, for a VAE of middling size",
    family="vae",
    searched={
        "n_samples": Choice(200, 2000, 20_000),
        "noise": Choice(0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3),  # at 0.3 the moons touch
    },
    fixed=FIXED,
    sampler="grid",
    scheduler="none",  # an error is no worse for being on noisier data
)
