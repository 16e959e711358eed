"""Models whose evaluation is known: real data, trained ones, and ones with a known fault."""

import torch

from moons.config import Config
from moons.density import draw_exact, log_density
from moons.fit import fit, start
from moons.models import CVAE, VAE, build_model

GOOD = Config(
    encoder_hidden=64,
    decoder_hidden=64,
    latent_dim=2,
    lr=1e-2,
    batch_size=128,
    beta=0.045,
    eps_w=1.0,
    max_epochs=120,
    monitor="val_loss",
)


def trained(config, seed=0):
    run = start(config, seed, engine="torch")
    for _ in fit(run):
        pass
    model = build_model(config, seed)
    model.load_state_dict(run.best_weights())
    return model.eval()


class RealData:
    """The source itself in a model's place."""

    def __init__(self, noise, conditional):
        self.noise, self.conditional = noise, conditional

    def log_density(self, x, y):
        return log_density(x, self.noise, y if self.conditional else None)

    def draw(self, n, seed, y):
        return draw_exact(n, self.noise, seed, y if self.conditional else None).x


class SwappedLabels(CVAE):
    """Gives every moon for the other."""

    def decode(self, z, y):
        return super().decode(z, 1 - y)

    def encode(self, x, y):
        return super().encode(x, 1 - y)


class Collapsed(VAE):
    """Its posterior is the prior, and its decoder looks at nothing."""

    def encode(self, x, y):
        zeros = torch.zeros(len(x), self.latent_dim)
        return zeros, zeros.clone()

    def decode(self, z, y):
        return torch.full((len(z), 2), 0.5)
