"""What the generative searches add to the base five: the likelihood's own settings, and depth."""

from search_spaces.base import BASE
from search_spaces.space import Choice, Domain, Float, Int

WIDTHS = Choice(16, 32, 64, 128)  # narrower nets cannot bend to the density

GENERATIVE: dict[str, Domain] = {
    **BASE,
    "encoder_hidden": WIDTHS,
    "decoder_hidden": WIDTHS,
    # One latent is what a moon has, the place along its arc; beyond eight, more are switched off.
    "latent_dim": Choice(1, 2, 4, 8),
    "encoder_layers": Int(1, 2),
    "decoder_layers": Int(1, 2),
    # The loss is a Gaussian likelihood with decoder variance beta / 2, and noise 0.15 asks for
    # beta = 0.045: a decade and a half below it, and two above.
    "beta": Float(1e-3, 10.0, log=True),
}
FIXED = {
    "eps_w": 1.0,  # samples of the posterior as it is, without which the loss is no bound
    "monitor": "val_loss",  # the bound; validation MSE alone is best before the KL has shaped z
}
# Ten epochs, where the base searches begin to stop trials, favour two latents, which learn faster;
# one latent is better by 0.03 nats and more in the end.
GRACE = 40
