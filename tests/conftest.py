"""How all tests are collected."""

import gc

import pytest


def pytest_collection() -> None:
    """What is imported and collected stays: to look for garbage in it meanwhile takes a third of the time."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Garbage of tests is looked for among what tests made."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Extension modules tell what outlives the process as a leak."""
    gc.unfreeze()
