"""Every column of the tables of a study, stated once.

A figure of an evaluation stands in `moons.evaluated.FIGURES`, beside its field.
"""

from dataclasses import fields, replace
from typing import Literal, get_args

from moons.column import SPLITS, Column
from moons.config import Config
from moons.evaluated import FIGURES, column_types, figure_of

State = Literal["complete", "pruned", "diverged", "failed", "running", "interrupted"]
STATES: tuple[State, ...] = get_args(State)

LOSSES = {
    "loss": Column(name="loss", better="less", what="the objective"),
    "mse": Column(
        name="mse",
        label="MSE",
        unit="squared data units",
        better="less",
        what="mean squared error a coordinate",
    ),
    "kl": Column(
        name="kl", label="KL", unit="nats a point", what="mean KL(q(z|x) || p(z)) a point"
    ),
}
TRAINED = (
    Column(name="best_epoch", kind="Int64", what="with the least `monitor` on validation data"),
    *(LOSSES[name].on("val") for name in ("mse", "loss", "kl")),
    Column(name="train_s", label="training time", unit="s", merit=False, what="on the worker"),
    Column(name="eval_s", label="evaluation time", unit="s", what="on the worker"),
)
ENGINE = Column(name="engine", kind="string", what="what trained it: `fused` or `torch`")
WORKER = Column(name="worker", kind="string", what="host and process")
ERROR = Column(name="error", kind="string", what="why it failed, diverged or was interrupted")
SEED = Column(name="seed", kind="int64", what="of weights, order and latent noise")
EPOCHS_TRAINED = Column(name="epochs", kind="int64", what="epochs trained")
N_PARAMETERS = Column(
    name="n_parameters",
    kind="Int64",
    label="trainable parameters",
    what="trainable numbers of the model",
)
RUNGS = Column(
    name="rungs",
    kind="string",
    what="JSON: the first metric as the scheduler saw it, by the rung's epoch; in the metric's "
    "unit",
)
STATE = Column(
    name="state",
    kind="string",
    what="`complete` (to its end or its patience), `pruned` (by the scheduler), `diverged` (a loss "
    "was not finite), `failed` (an exception), `running`, `interrupted` (cut off and begun again "
    "under another number)",
)
# One row a trial; its settings and what an evaluation measured follow.
TRIALS: tuple[Column, ...] = (
    Column(name="trial", kind="int64", what="number, in the order of beginning"),
    STATE,
    EPOCHS_TRAINED,
    *TRAINED,
    Column(name="start_s", unit="s", what="since the study began, over all its drivers"),
    Column(name="end_s", unit="s", what="likewise"),
    SEED,
    Column(
        name="slot",
        kind="int64",
        what="place in the study, 0 to N-1; a trial begun again keeps it",
    ),
    Column(
        name="replicates",
        kind="Int64",
        what="seeds the trial was trained on; with more than one, figures are means over them, "
        "`epochs` is the longest training's, weights, `best_epoch` and `fresh_kl_per_latent` are "
        "the first's, and `<figure>_seed_se` is the standard error over seeds of `val_mse`, "
        "`val_loss`, `val_kl` and the study's metrics",
    ),
    ENGINE,
    WORKER,
    ERROR,
    N_PARAMETERS,
    RUNGS,
)
# One row a retraining, or an audited trial; it has no slot, and no time in the search.
RERUNS: tuple[Column, ...] = (
    Column(name="config", kind="string", what="the config's name, such as `trial 17`"),
    Column(name="trial", kind="Int64", what="its number; null for a config from a file"),
    Column(
        name="vary",
        kind="string",
        what="what a seed draws anew: `init` (initialisation, order and noise), with `split` also "
        "which points validate, with `data` all data",
    ),
    Column(name="seed_index", kind="int64", what="of the seed; the same for all configs"),
    SEED,
    STATE,
    ERROR,
    EPOCHS_TRAINED,
    *TRAINED,
    ENGINE,
    WORKER,
    N_PARAMETERS,
    RUNGS,
    Column(name="losses", kind="string", what="the file in `points/` with the losses by point"),
)
# One row an epoch of a replicate of a trial.
CURVES: tuple[Column, ...] = (
    *(
        replace(LOSSES[name].on(split), what=what)
        for split, what in (
            ("train", "mean over the epoch's batches, each under the weights it met"),
            ("val", "validation split, after the epoch"),
        )
        for name in LOSSES
    ),
    Column(name="lr", label="learning rate", what="of the epoch"),
)
EPOCHS: tuple[Column, ...] = (
    Column(name="trial", kind="int64", what="number of the trial"),
    Column(name="replicate", kind="int64", what="of the trial's training seeds, from 0"),
    Column(name="epoch", kind="int64", what="from 1"),
    *CURVES,
)
# One row a density estimate; the figures of an evaluation follow.
BASELINES: tuple[Column, ...] = (
    Column(
        name="baseline",
        kind="string",
        what="`gaussian_mixture`, `kernel_density`, or `two_arcs`: the family that the data are "
        "of, fitted by maximum likelihood, which is the limit",
    ),
    Column(name="family", kind="string", what="`vae` for p(x), `cvae` for p(x|y)"),
    Column(name="components", kind="Int64", what="of a mixture, chosen on validation data"),
    Column(name="bandwidth", unit="data units", what="of a kernel, likewise"),
    Column(name="seeds", kind="Int64", what="of the fit; figures are means over them"),
    Column(
        name="exact_excess_nll_seed_std",
        label="its standard deviation over seeds",
        unit="nats a point",
        what="standard deviation over seeds",
    ),
)
# One row a number of a comparison.
COMPARISON: tuple[Column, ...] = (
    Column(
        name="part",
        kind="string",
        what="`finding` and `check` (sentences), `study` (counts, best, median, the best trial's "
        "figures), `top` (its five best configs), `pair` (one search against another), `retrained` "
        "(its best configuration on fresh seeds), `winner` (what the top five have of each "
        "hyperparameter), `curve` (best so far)",
    ),
    Column(name="study", kind="string", what="its name"),
    Column(
        name="against",
        kind="string",
        what="another's name, the difference being the first's less this one's; studies that "
        "differ by seed alone are one search in `pair` and `curve`",
    ),
    Column(
        name="quantity",
        kind="string",
        what="what `value` is; a column's name where it is one",
    ),
    Column(name="x", what="a rank, or what the search had spent: trials, epochs or seconds"),
    Column(name="value", what="of the quantity, in its own unit"),
    Column(name="low", what="end of the 95 % interval; of winners, of the range of the top five"),
    Column(name="high", what="likewise"),
    Column(name="text", kind="string", what="sentences, and settings that are no number"),
)
# One row an arm, study seed and number of epochs.
ABLATION: tuple[Column, ...] = (
    Column(
        name="arm",
        kind="string",
        what="sampler, scheduler with its reduction and grace, and what Optuna was told",
    ),
    Column(name="seed", kind="int64", what="of the study: data, proposals and training"),
    Column(name="epochs", kind="int64", what="trained by all trials together"),
    Column(name="trials", kind="int64", what="that were over by then"),
    Column(name="complete", kind="int64", what="trials among them that ran to their end"),
    Column(name="best", unit="the metric's", what="the least of a complete trial"),
    Column(name="selected", kind="Int64", what="the trial with the least value that Optuna held"),
    Column(name="selected_state", kind="string", what="how it had ended"),
    Column(name="selected_told", unit="the metric's", what="that value"),
    Column(
        name="selected_score",
        unit="the score's",
        what="its config trained to the end on fresh seeds: their mean `val_mse`, or "
        "`exact_excess_nll` where `val_excess_nll` was searched by",
    ),
)
KINDS: dict[type, Literal["int64", "float64", "string"]] = {
    int: "int64",
    float: "float64",
    str: "string",
}
ABOUT_SETTINGS = {
    "family": ("", "", "`vae` or `cvae`"),
    "encoder_hidden": ("encoder width", "units", "of the hidden layers; text, comma-separated, "
        "where a list of widths was given"),
    "encoder_layers": ("encoder hidden layers", "", ""),
    "latent_dim": ("latent dimensions", "", ""),
    "decoder_hidden": ("decoder width", "units", "likewise"),
    "decoder_layers": ("decoder hidden layers", "", ""),
    "lr": ("learning rate", "", "Adam's, at the start"),
    "batch_size": ("batch size", "points", "of a gradient step"),
    "beta": ("beta", "weight of KL", "against the reconstruction; in squared data units"),
    "eps_w": ("eps_w", "factor on sigma", "of the posterior when sampling"),
    "data": ("", "", "what is modelled: a source, or a file's name and a hash of its content"),
    "data_dim": ("columns", "", "of a point"),
    "classes": ("", "", "labels that there are, 1 where there are none to tell apart"),
    "n_samples": ("data points", "", "of all classes, before the split"),
    "noise": ("data noise", "std", "standard deviation of the data's noise; in data units"),
    "scale": ("", "", "`standard` where models see each column less its mean, by its std"),
    "data_seed": ("", "", "of the data and their split"),
    "split_seed": ("", "", "of which points validate; 0 for the split of the data's own seed"),
    "max_epochs": ("", "", "training never goes on beyond"),
    "min_epochs": ("", "", "training never stops before"),
    "patience": ("", "epochs", "without a better `monitor`, after which training stops"),
    "plateau_patience": ("", "epochs", "without a better validation loss, after which lr falls"),
    "monitor": ("", "", "what the best epoch is chosen by"),
    "objective": ("", "", "what is minimised: `elbo` or `iwae`"),
    "importance_samples": ("", "", "latents drawn for a point in a step"),
    "activation": ("", "", "what follows every hidden layer"),
    "prior": ("", "", "p(z): `standard`, or a learned `mixture`"),
    "prior_components": ("", "", "Gaussians in the mixture"),
    "schedule": ("", "", "how lr falls: on a `plateau`, or as a `cosine` to 0"),
    "keep": ("", "", "the weights of the `best` epoch, or of the `last` one"),
}  # fmt: skip


def settings() -> tuple[Column, ...]:
    """A column for every setting of a config, searched or not."""
    columns = []
    for field in fields(Config):
        label, unit, what = ABOUT_SETTINGS.get(field.name, ("", "", ""))
        kind = KINDS[type(field.default)]
        columns.append(Column(name=field.name, kind=kind, label=label, unit=unit, what=what))
    return tuple(columns)


def evaluation() -> tuple[Column, ...]:
    """A column for every figure of an evaluation, on each of its splits, with errors and floors."""
    columns = []
    for name in column_types():
        found = figure_of(name)
        column = FIGURES[name] if found is None else found[1].on(found[0])
        columns.append(replace(column, name=name))
    return tuple(columns)


def types(columns: tuple[Column, ...]) -> dict[str, str]:
    """The types of columns by their names."""
    return {column.name: column.kind for column in columns}


KNOWN = {c.name: c for table in (BASELINES, EPOCHS, RERUNS, TRIALS) for c in table}
KNOWN |= {column.name: column for column in (*settings(), *evaluation())}
NUMBERS = tuple(column.name for column in TRIALS if column.kind != "string")


def column_of(name: str) -> Column:
    """What is known of a column, if only its name."""
    if name in KNOWN:
        return KNOWN[name]
    split, _, rest = name.partition("_")
    if split in SPLITS and rest:
        return FIGURES.get(rest, Column(name=rest)).on(split)
    return Column(name=name)
