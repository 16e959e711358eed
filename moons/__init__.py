"""Points, two moons or others, and the VAEs that model them: data, training, evaluation.

Knows torch, numpy and scikit-learn; knows nothing of Ray or Optuna. Reading order: `config`,
`sources`, `data`, `models`, `objective`, `fit`, `engines`, `checkpoint`, `evaluation`, `baselines`.
"""
