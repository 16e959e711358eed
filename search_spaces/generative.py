"""What the generative searches add to the base five: the likelihood's own settings, and depth."""

from search_spaces.base import BASE
from search_spaces.space import Domain, Float, Int

GENERATIVE: dict[str, Domain] = {
    **BASE,
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
