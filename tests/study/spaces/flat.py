"""Models whose latents can be drawn as they are; more take UMAP, which compiles for long."""

from search_spaces.space import Float, SearchSpace

SPACE = SearchSpace(
    name="flat",
    about="CVAEs of two latents",
    family="cvae",
    searched={"lr": Float(1e-3, 1e-1, log=True)},
    fixed={"latent_dim": 2},
)
