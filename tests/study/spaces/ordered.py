"""Settings of each kind, in trials of a few milliseconds."""

from search_spaces.space import Choice, SearchSpace

SPACE = SearchSpace(
    name="ordered",
    about="small trials",
    family="cvae",
    searched={
        "latent_dim": Choice(1, 2, 4, 8),
        "decoder_hidden": Choice(2, 4, 8),
        "lr": Choice(0.001, 0.01, 0.1),
    },
    fixed={"n_samples": 40, "encoder_hidden": 4, "min_epochs": 1},
    trials=14,
)
