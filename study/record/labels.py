"""What the columns of the tables are called in figures and sentences, with their units."""

from study.record.columns import SPLITS

NAMES = {
    "trial": "trial",
    "epoch": "epoch",
    "epochs": "epochs",
    "lr": "learning rate",
    "batch_size": "batch size (points)",
    "encoder_hidden": "encoder width (units)",
    "encoder_layers": "encoder hidden layers",
    "latent_dim": "latent dimensions",
    "decoder_hidden": "decoder width (units)",
    "decoder_layers": "decoder hidden layers",
    "beta": "beta (weight of KL)",
    "eps_w": "eps_w (factor on sigma)",
    "n_samples": "data points",
    "noise": "data noise (std)",
    "data_seed": "data seed",
    "n_parameters": "trainable parameters",
}
METRIC_NAMES = {
    "mse": "MSE (squared data units)",
    "loss": "loss",
    "kl": "KL (nats a point)",
    "nll": "NLL (nats a point)",
    "excess_nll": "excess NLL (nats a point)",
    "elbo": "ELBO (nats a point)",
    "inference_gap": "inference gap (nats a point)",
    "energy_distance": "energy distance (data units)",
    "sliced_wasserstein": "sliced Wasserstein distance (data units)",
    "coverage": "coverage (share)",
    "density": "density (share)",
    "two_sample_accuracy": "two-sample accuracy (0.5 is chance)",
    "label_share": "samples with the label asked for (share)",
    "active_units": "active latent units",
    "mutual_information": "mutual information (nats)",
    "right_loss": "loss with the right labels",
    "shuffled_loss": "loss with the labels shuffled",
}
SPLIT_NAMES = {
    "train": "training",
    "val": "validation",
    "test": "test",
    "fresh": "fresh-data",
    "exact": "exact",
}


def label(column: str) -> str:
    """What a column of the tables is called on an axis, with its unit."""
    if column in NAMES:
        return NAMES[column]
    split, _, rest = column.partition("_")
    if split in SPLITS and rest:
        return f"{SPLIT_NAMES[split]} {METRIC_NAMES.get(rest, rest.replace('_', ' '))}"
    return column.replace("_", " ")


def short_label(column: str) -> str:
    """`label` without the unit."""
    return label(column).partition(" (")[0]


def unit(column: str) -> str:
    """The unit of `label`; empty where there is none."""
    return label(column).partition(" (")[2].removesuffix(")")
