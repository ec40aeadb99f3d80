"""Each test here is a story: an `async def` that is given `story`. All that were chosen are told at once, on one stage."""

import inspect

import pytest

from tests.integration.behaviours.stage import Stage

HERE = __name__.rpartition(".")[0]


def is_story(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and item.module.__package__ == HERE and inspect.iscoroutinefunction(item.obj)


@pytest.fixture(scope="package")
def stage(settings, http, request):
    """The stage, on which every chosen story has begun."""
    with Stage(settings) as stage:
        stage.begin({item.nodeid: item.obj for item in request.session.items if is_story(item)})
        yield stage


@pytest.fixture
def story(stage, request):
    """The name of the story; what it is about is on the stage."""
    return request.node.nodeid


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Wait for a story instead of calling it: the stage does that."""
    if not is_story(pyfuncitem):
        return None
    pyfuncitem.funcargs["stage"].wait_for(pyfuncitem.nodeid)
    return True
