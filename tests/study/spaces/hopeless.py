"""Every trial raises."""

from moons.config import Config
from moons.models import VAE
from search_spaces.space import Choice, SearchSpace


class Hopeless(VAE):
    def __init__(self, config: Config) -> None:
        raise RuntimeError("nothing can be built from this")


SPACE = SearchSpace(
    name="hopeless",
    about="every trial raises",
    family="vae",
    searched={"latent_dim": Choice(2, 4)},
    sampler="grid",
    model=Hopeless,
)
