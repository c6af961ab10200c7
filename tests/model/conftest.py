"""The model test uses the fixtures and the harness of tests/integration."""

import importlib.util
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
INTEGRATION = HERE.parent / "integration"

sys.path[:0] = [str(HERE), str(INTEGRATION)]


def load(name, path):
    """A module by its file: there are two conftest.py."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


harness = load("integration_conftest", INTEGRATION / "conftest.py")

pytest_configure = harness.pytest_configure
pytest_report_header = harness.pytest_report_header
pytest_runtest_makereport = harness.pytest_runtest_makereport
world = harness.world
upstream = harness.upstream
redis_server = harness.redis_server
gateway = harness.gateway
nginx_test = harness.nginx_test


def pytest_addoption(parser):
    group = parser.getgroup("model")
    group.addoption("--model-seconds", type=float, default=60.0,
                    help="how long the model test runs (60); never shorter "
                    "than it takes to do everything once, about 20 s")
    group.addoption("--model-seed", type=int, default=None,
                    help="of its random choices (one is picked and printed)")
