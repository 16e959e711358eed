"""A mixture of Gaussians as the prior, on panels: its log density, and the derivatives of that.

With shares r_c of the components in p(z), and t_cu = (z_u - m_cu) / s_cu^2, the log of p(z) has the
derivatives - sum_c r_c t_cu by z_u, r_c - pi_c by the logits, r_c t_cu by the means and
r_c ((z_u - m_cu) t_cu - 1) / 2 by the log variances.
"""

import math
from typing import Any

import numpy as np

from moons.engines.kernel.exponential import exp, log
from moons.engines.kernel.lanes import inlined, larger, load, spread, store, total
from moons.engines.kernel.layout import PANEL, Plan

F = np.float32
ZERO, HALF, ONE = F(0), F(0.5), F(1)


@inlined
def settle(data: Any, plan: Plan, constants: Any) -> None:
    """What the mixture's parameters come to, until they move again.

    Args:
        data: the buffer.
        plan: of its layout.
        constants: a row a component: pi_c, log pi_c - sum_u log s_cu, then 1 / s_cu^2 of each
            latent; float32, shape (components, 2 + latent).
    """
    count, latent = plan.components, plan.latent
    most = data[plan.prior]
    for c in range(1, count):
        most = max(most, data[plan.prior + c])
    whole = 0.0
    for c in range(count):
        whole += math.exp(data[plan.prior + c] - most)
    for c in range(count):
        logit = data[plan.prior + c] - most
        constants[c, 0] = math.exp(logit) / whole
        height = logit - math.log(whole)
        for u in range(latent):
            log_var = data[plan.prior + count + count * latent + c * latent + u]
            height -= 0.5 * log_var
            constants[c, 2 + u] = math.exp(-log_var)
        constants[c, 1] = height


@inlined
def log_density(data: Any, plan: Plan, constants: Any, sample: int, shift: int, column: int) -> Any:
    """Log p(z) + latent / 2 log(2 pi) of some points' sample; leaves the components' shares."""
    shares = plan.shares + sample * plan.components * PANEL + column
    peak = spread(F(-np.inf))
    for c in range(plan.components):
        height = spread(constants[c, 1])
        for u in range(plan.latent):
            mean = data[plan.prior + plan.components + c * plan.latent + u]
            gap = load(data, plan.z + shift + u * PANEL + column) - mean
            height = height - (HALF * constants[c, 2 + u]) * gap * gap
        store(data, shares + c * PANEL, height)
        peak = larger(peak, height)
    whole = spread(ZERO)
    for c in range(plan.components):
        share = exp(load(data, shares + c * PANEL) - peak)
        store(data, shares + c * PANEL, share)
        whole = whole + share
    for c in range(plan.components):
        store(data, shares + c * PANEL, load(data, shares + c * PANEL) / whole)
    return peak + log(whole)


@inlined
def gradient_of_density(
    data: Any, plan: Plan, constants: Any, sample: int, shift: int, column: int, weight: Any
) -> None:
    """Adds `weight` times the derivatives of -log p(z): by z, and by the parameters."""
    count, latent = plan.components, plan.latent
    shares = plan.shares + sample * count * PANEL + column
    logits = plan.gradient + plan.prior
    means, log_vars = logits + count, logits + count + count * latent
    for c in range(count):
        share = weight * load(data, shares + c * PANEL)
        data[logits + c] -= total(share - constants[c, 0] * weight)
        for u in range(latent):
            here = plan.z + u * PANEL + column
            gap = load(data, here + shift) - data[plan.prior + count + c * latent + u]
            pull = gap * constants[c, 2 + u]
            by_mean = share * pull
            store(data, here + plan.delta, load(data, here + plan.delta) + by_mean)
            data[means + c * latent + u] -= total(by_mean)
            data[log_vars + c * latent + u] -= HALF * total(share * (gap * pull - ONE))
