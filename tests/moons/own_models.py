"""Models as users write them: each does something that the built-in ones do not."""

import random
import warnings

import numpy as np
import torch
from torch import Tensor, nn

from moons.config import Config
from moons.models import CVAE, VAE, mlp
from tests.moons import own_helpers

SHARED = torch.Generator()


class Dropped(CVAE):
    """Draws from torch's global generator while it is trained."""

    def __init__(self, config):
        super().__init__(config)
        self.drop = nn.Dropout(0.3)

    def decode(self, z, y):
        return super().decode(self.drop(z), y)


class Normed(CVAE):
    """Has statistics that training updates and evaluation uses."""

    def __init__(self, config):
        super().__init__(config)
        self.norm = nn.BatchNorm1d(config.latent_dim, momentum=0.5)

    def decode(self, z, y):
        return super().decode(self.norm(z), y)


class WithSibling(VAE):
    """Uses a function of a module beside its own."""

    def decode(self, z, y):
        return super().decode(own_helpers.soften(z), y)


class Computed(CVAE):
    """Its constructor computes a number, which cannot be done on the meta device."""

    def __init__(self, config):
        super().__init__(config)
        self.scale = float(torch.linspace(0.5, 1.5, 3).mean())

    def decode(self, z, y):
        return super().decode(z, y) * self.scale


class Tied(VAE):
    """Two layers share a weight."""

    def __init__(self, config):
        super().__init__(config)
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.second.weight = self.first.weight

    def decode(self, z, y):
        return self.second(torch.tanh(self.first(super().decode(z, y))))


class Buffered(VAE):
    """Keeps a running mean where no `state_dict` has it."""

    def __init__(self, config):
        super().__init__(config)
        self.register_buffer("centre", torch.zeros(2), persistent=False)

    def encode(self, x, y):
        if self.training:
            self.centre += 0.1 * (x.mean(0) - self.centre)
        return super().encode(x - self.centre, y)


class Generating(CVAE):
    """Draws from generators of its own, of the module's and of every library's."""

    def __init__(self, config):
        super().__init__(config)
        self.noise = {"own": torch.Generator()}
        self.rng = np.random.default_rng()
        self.coin = random.Random()

    def decode(self, z, y):
        jitter = torch.randn(z.shape, generator=self.noise["own"])
        jitter += torch.randn(z.shape, generator=SHARED) + own_helpers.drawn(z.shape)
        jitter *= self.rng.normal() + self.coin.random() + np.random.normal() + random.random()
        return super().decode(z + 0.01 * jitter, y)


class Counting(VAE):
    """Its training depends on how often it was called."""

    def __init__(self, config):
        super().__init__(config)
        self._calls = 0

    def forward(self, x, y, noise, eps_w):
        if self.training:
            self._calls += 1
            eps_w *= 1 - 0.5**self._calls
        return super().forward(x, y, noise, eps_w)


class Memory:
    """An object of a user's own, with a number that training changes."""

    def __init__(self):
        self.calls, self.last = 0, {"mean": torch.zeros(2)}


class Remembering(VAE):
    """Keeps what its training depends on in an object that is no module."""

    def __init__(self, config):
        super().__init__(config)
        self.memory = Memory()

    def encode(self, x, y):
        if self.training:
            self.memory.calls += 1
            self.memory.last["mean"] = x.detach().mean(0)
            x = x + 0.1 * self.memory.last["mean"] / self.memory.calls
        return super().encode(x, y)


def scripted(z: Tensor) -> Tensor:
    """Torch profiles it and compiles it anew as it is used."""
    return torch.tanh(z) * 2 - z.sigmoid()


with warnings.catch_warnings(action="ignore"):  # that scripts are of the past
    scripted = torch.jit.script(scripted)


class Assorted(CVAE):
    """Has parts of many kinds: parametrised, complex, scripted, in lists, half as precise."""

    def __init__(self, config):
        super().__init__(config)
        width = config.latent_dim
        self.norm = nn.utils.parametrizations.spectral_norm(nn.Linear(width, width))
        self.factors = nn.ParameterList([torch.ones(width) for _ in range(2)])
        self.label = nn.Embedding(2, width)
        self.turn = nn.Parameter(torch.exp(1j * torch.linspace(0, 1, width)))
        self.rough = nn.Linear(width, width).bfloat16()
        self.register_buffer("flag", torch.tensor([True, False]))

    def decode(self, z, y):
        z = self.norm(z) * self.factors[0] * self.factors[1] + self.label(y)
        z = (z * self.turn).real + self.rough(z.bfloat16()).float() * self.flag[0]
        return super().decode(scripted(z), y)


class Frozen(CVAE):
    """Has nothing that is trained."""

    def __init__(self, config):
        super().__init__(config)
        self.requires_grad_(False)


class WithoutParameters(nn.Module):
    """Has the documented methods, and neither a parameter nor any attribute."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.width = config.latent_dim

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mean = x[:, :1].expand(-1, self.width)
        return mean, torch.zeros_like(mean)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        return torch.cat([z[:, :1], z[:, :1].square()], dim=1)

    def forward(
        self, x: Tensor, y: Tensor, noise: Tensor, eps_w: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_var = self.encode(x, y)
        return self.decode(mean + eps_w * torch.exp(0.5 * log_var) * noise, y), mean, log_var


class Plain(WithoutParameters):
    """The same with something to learn, some of it in a lazy layer."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.first, self.last = nn.LazyLinear(8), mlp(8, [8], 2)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        return self.last(self.first(z))


OWN = [
    *(Dropped, Normed, WithSibling, Computed, Tied, Buffered, Generating, Counting, Frozen),
    *(WithoutParameters, Plain, Remembering, Assorted),
]
DRAWING = [Dropped, Generating]
