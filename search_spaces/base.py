"""The five hyperparameters that the base spaces search; the ranges are the study's own table."""

from search_spaces.space import Choice, Domain, Float

SIZES = Choice(2, 4, 8, 16, 32, 64, 128)  # from far too small to far more than two moons need

BASE: dict[str, Domain] = {
    "lr": Float(1e-4, 1e-1, log=True),  # Adam's useful range for nets this small, and beyond it
    "batch_size": Choice(32, 64, 128, 256),  # 38 down to 5 gradient steps an epoch
    "encoder_hidden": SIZES,
    "latent_dim": SIZES,  # 2 is the data's own dimension; more can only be switched off
    "decoder_hidden": SIZES,
}
