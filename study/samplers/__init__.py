"""Who proposes configs: Optuna's samplers, each a function of the history, a seed and a slot."""
