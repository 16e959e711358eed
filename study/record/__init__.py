"""The durable record of a study: what is on disk, and how it gets there without being lost."""

import warnings

# In notebooks without widgets Optuna warns of progress bars that it could not show; none are shown.
warnings.filterwarnings("ignore", message="IProgress not found")
