"""What a worker does with a trial: jobs, reports and training, without Ray."""
