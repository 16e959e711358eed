"""Two moons, and the VAEs that model them: data, objective, training, evaluation, checkpoints.

Knows torch, numpy and scikit-learn; knows nothing of Ray or Optuna. Reading order: `config`,
`data`, `models`, `objective`, `fit`, `engines`, `checkpoint`, `density`, `evaluation`, `baselines`.
"""
