"""The hyperparameter study: command line, Ray Tune trials, searcher, scheduler and the record."""
