"""What the generative searches vary: what a model is made of, and how it is trained as a density.

All train by importance weights, at a rate that falls as a cosine: by the ELBO, whose Gaussian
posterior cannot say "on either moon", a VAE ends five times as far from the truth. The ranges, and
when trials may be stopped, are from 60 random configs of each family trained to their end.
"""

from search_spaces.space import Choice, Domain, Float, Int

WIDTHS = Choice(16, 32, 64)  # narrower nets cannot bend to the density; wider ones gain nothing

GENERATIVE: dict[str, Domain] = {
    "lr": Float(3e-3, 3e-2, log=True),  # below it the budget ends too soon, above it many diverge
    "batch_size": Choice(32, 64, 128),  # 38 down to 10 gradient steps an epoch
    "encoder_hidden": WIDTHS,
    "decoder_hidden": WIDTHS,
    "encoder_layers": Int(1, 2),
    "decoder_layers": Int(1, 2),
    # One is what a moon has, the place along its arc; a second one helps to be on either moon.
    "latent_dim": Choice(1, 2),
    # The decoder's variance is beta / 2, and noise 0.15 asks for beta = 0.045.
    "beta": Float(0.02, 0.1, log=True),
    "activation": Choice("relu", "tanh", "silu"),  # smooth ones have no kinks to fit noise with
    "prior": Choice("standard", "mixture"),
    # A tighter bound, at as many decodings a point. By 8 and fewer, models are twice as far from
    # the truth, which 400 validation points do not always tell.
    "importance_samples": Choice(16, 32),
}
FIXED = {
    "objective": "iwae",
    "eps_w": 1.0,  # samples of the posterior as it is, without which the loss is no bound
    "schedule": "cosine",
    # Once the rate is all but 0, the last weights are better than those that 400 points choose.
    "keep": "last",
    "monitor": "val_loss",
}
# 3,000 to 6,000 steps at the smaller batches: by then the density is learned, and as the cosine
# ends there, more epochs would be another recipe.
MAX_EPOCHS = 160
# ASHA keeps the best quarter. While the rate is high, scores say less: of the five best configs at
# the end, 3 of the VAEs and 2 of the CVAEs were in it at epoch 40, and 5 and 3 at epoch 80.
GRACE = 80
# The search's own scores are of one seed and 400 points, and either moves them as much as configs.
CONFIRM, TOP = 8, 10
