"""What the two probabilistic settings do to a VAE whose size is held still."""

from search_spaces.space import Float, SearchSpace

PROBA = {
    "eps_w": Float(1e-3, 1.0, log=True),  # from an autoencoder to the VAE of the paper
    "beta": Float(0.1, 100.0, log=True),  # from mild to a KL term that switches every latent off
}
# A middling size and rate, so that what varies is beta and eps_w and not the fit.
FIXED = {"lr": 3e-3, "batch_size": 64, "encoder_hidden": 32, "latent_dim": 8, "decoder_hidden": 32}

SPACE = SearchSpace(
    name="vae-proba",
    about="beta and eps_w of a VAE of middling size, drawn at random",
    family="vae",
    searched=PROBA,
    fixed=FIXED,
    sampler="random",  # to map the plane, not to find its best point
    scheduler="none",  # and the error alone would stop all trials with a large beta
)
