"""Models whose evaluation is known: real data, trained ones, and ones with a known fault."""

import math

import torch

from moons.config import Config
from moons.density import draw_exact, log_density
from moons.fit import fit, start
from moons.models import CVAE, VAE, build_model
from moons.prior import prior_of

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


class Linear:
    """x = scale * z + noise: the posterior and the density are Gaussian and known.

    `narrow` and `shift` spoil the posterior that the encoder claims.
    """

    label_dim = 0

    def __init__(self, scale, sigma_x, latent_dim=2, narrow=1.0, shift=0.0):
        self.scale, self.sigma_x, self.latent_dim = scale, sigma_x, latent_dim
        self.narrow, self.shift = narrow, shift

    def encode(self, x, y):
        precision = 1 + self.scale**2 / self.sigma_x**2
        mean, log_var = torch.zeros(len(x), self.latent_dim), torch.zeros(len(x), self.latent_dim)
        mean[:, :2] = x * self.scale / self.sigma_x**2 / precision + self.shift
        log_var[:, :2] = -math.log(precision) + 2 * math.log(self.narrow)
        return mean, log_var

    def decode(self, z, y):
        return self.scale * z[:, :2]

    def log_density(self, x):
        variance = self.scale**2 + self.sigma_x**2
        return -(x.double() ** 2).sum(1) / (2 * variance) - math.log(2 * math.pi * variance)


def by_quadrature(model, x, y, sigma_x):
    """log p(x|y) by a grid over one or two latents."""
    axis = torch.linspace(-7, 7, 4001 if model.latent_dim == 1 else 281, dtype=torch.float64)
    step = float(axis[1] - axis[0])
    z = torch.cartesian_prod(*[axis] * model.latent_dim).reshape(-1, model.latent_dim)
    with torch.no_grad():
        log_prior = prior_of(model).log_density(z) + model.latent_dim * math.log(step)
    out = torch.empty(len(x), dtype=torch.float64)
    for label in (0, 1):
        with torch.no_grad():
            centres = model.decode(z.float(), torch.full((len(z),), label)).double()
        for i in torch.nonzero(y == label)[:, 0]:
            squared = ((x[i].double() - centres) ** 2).sum(1)
            out[i] = torch.logsumexp(log_prior - squared / (2 * sigma_x**2), dim=0)
    return out - math.log(2 * math.pi * sigma_x**2)
