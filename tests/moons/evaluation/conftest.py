"""One trained model of each family, and their evaluations."""

import dataclasses

import pytest

from moons.evaluation import evaluate
from tests.moons.evaluation.known import GOOD, trained


@pytest.fixture(scope="package")
def vae():
    return trained(dataclasses.replace(GOOD, max_epochs=40))


@pytest.fixture(scope="package")
def cvae():
    return trained(dataclasses.replace(GOOD, family="cvae"))


@pytest.fixture(scope="package")
def cvae_evaluation(cvae):
    return evaluate(cvae, dataclasses.replace(GOOD, family="cvae"))


@pytest.fixture(scope="package")
def vae_evaluation(vae):
    return evaluate(vae, GOOD)
