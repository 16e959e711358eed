"""Everything that knows Ray: the cluster, the driver of trials, searcher, scheduler and workers."""
