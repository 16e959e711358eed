"""How a network is told a label: two classes are one column of 0 and 1, more are one-hot."""

import torch
from torch import Tensor


def label_columns(classes: int) -> int:
    """How many columns a label of so many classes takes."""
    return 1 if classes <= 2 else classes


def coded(y: Tensor, classes: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Labels (n,) as a network sees them, (n, columns)."""
    if label_columns(classes) == 1:
        return y.to(dtype).unsqueeze(-1)
    return torch.nn.functional.one_hot(y, classes).to(dtype)
