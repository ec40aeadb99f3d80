"""Specification of the description: valid OpenAPI, of all that is served, read with no network."""

import json
import re

from openapi_spec_validator import validate

from api.app import Api
from api.catalog import ROUTES
from api.docs_page import PAGE
from api.openapi import describe


def test_the_description_is_valid_openapi():
    validate(json.loads(describe(ROUTES)))


def test_the_description_has_every_route_and_every_answer_of_each():
    paths = json.loads(describe(ROUTES))["paths"]
    for route in ROUTES:
        said = paths[route.path][route.method.lower()]
        assert {str(status) for status in route.answers} <= set(said["responses"])
    assert sum(len(methods) for methods in paths.values()) == len(ROUTES)


def test_every_route_is_served():
    served = {(handler, method) for route in Api(None)._litestar.routes for handler, method in served_by(route)}
    assert {(route.path, route.method) for route in ROUTES} <= served


def served_by(route):
    path = re.sub(r":str}", "}", route.path_format if hasattr(route, "path_format") else route.path)
    return [(path, method) for method in route.methods]


def test_the_page_needs_nothing_from_elsewhere():
    assert not re.findall(rb"(?:src|href|fetch)\W{0,2}(?:https?:)?//", PAGE)
