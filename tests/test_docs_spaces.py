"""The contract that docs/spaces-and-models.md states is the one that holds."""

import re
from pathlib import Path

from moons.fit import fit, start
from moons.models import VAE, build_model, try_out
from search_spaces.load import load_space

PAGE = (Path(__file__).parents[1] / "docs" / "spaces-and-models.md").read_text()


def test_the_page_s_example_is_a_space_whose_model_trains(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "mine.py").write_text(example)
    space = load_space(tmp_path / "mine.py")
    config = space.config({"lr": 0.01, "latent_dim": 2}, data_seed=0, max_epochs=2)
    try_out(build_model(config, 0, space.model), config)
    assert len(list(fit(start(config, 0, model_class=space.model)))) == 2


def test_the_page_names_the_methods_with_their_arguments():
    for name in ("encode", "decode", "forward"):
        code = getattr(VAE, name).__code__
        assert f"`{name}({', '.join(code.co_varnames[1 : code.co_argcount])})`" in PAGE
