"""All that is compiled: an epoch of training, a validation, and the random numbers for them.

Reading order: `layout` (one buffer for everything), `epoch`, `layers`, then `products` and `dots`
(sums in registers), `lanes` (vectors of numbers), `random`. `moons.engines.cache` compiles it.
"""
