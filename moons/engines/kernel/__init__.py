"""All that is compiled: an epoch of training, a validation, and the random numbers for them.

Reading order: `layout` (one buffer for everything), `epoch`, `layers`, then `products` and `dots`
(sums in registers), `lanes` (vectors of numbers), `random`. `samples`, with `bound`,
`activations` and `mixture`, is the epoch of all that is not a ReLU network trained by the ELBO of
one sample; apart, because that one compiles and starts faster. `moons.engines.cache` compiles it.
"""
