from __future__ import annotations

import pytest

from runyard.arazzo.apis.operations import SecurityScheme, Server
from runyard.arazzo.apis.sources import kind_of, read_api
from runyard.core.errors import InvalidRequest, NotSupported
from runyard.dialects.databricks.openapi import described
from runyard.dialects.databricks.operations import OPERATIONS

OPENAPI = """
openapi: 3.0.3
servers: [{url: '/api/{stage}', variables: {stage: {default: v1, enum: [v1, v2]}}}]
security: [{key: []}]
paths:
  /pets/{id}:
    parameters:
      - $ref: '#/components/parameters/Id'
      - {name: tags, in: query, schema: {type: array}}
    get:
      operationId: getPet
      parameters: [{name: tags, in: query, style: pipeDelimited, explode: false}]
    put:
      operationId: putPet
      requestBody: {$ref: 'parts.yaml#/bodies/Pet'}
  /loop: {get: {operationId: loop, parameters: [{$ref: '#/components/parameters/Loop'}]}}
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: integer}}
    Loop: {$ref: '#/components/parameters/Loop'}
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
"""
PARTS = "bodies: {Pet: {required: true, content: {application/json: {}, text/xml: {}}}}"
SWAGGER = """
swagger: '2.0'
host: api.example.com
basePath: /v2
schemes: [https]
consumes: [application/json]
securityDefinitions: {login: {type: basic}}
paths:
  /pets:
    post:
      operationId: addPet
      parameters:
        - {name: pet, in: body, required: true, schema: {}}
        - {name: ids, in: query, type: array, collectionFormat: multi}
"""


def test_an_operation_has_its_paths_parameters_styles_servers_and_security() -> None:
    operation = read_api(OPENAPI, "https://example.com/spec/api.yaml").operation("getPet")

    assert operation is not None
    assert (operation.method, operation.path, operation.security) == ("GET", "/pets/{id}", (("key",),))
    assert [(rule.name, rule.location, rule.required, rule.style, rule.explode) for rule in operation.parameters] == [
        ("id", "path", True, "simple", False),
        ("tags", "query", False, "pipeDelimited", False),
    ]
    assert operation.servers == (
        Server(url="https://example.com/api/{stage}", variables={"stage": "v1"}, allowed={"stage": ("v1", "v2")}),
    )
    assert operation.schemes == {"key": SecurityScheme(type="apiKey", name="X-Key", location="header")}


def test_an_operation_is_found_by_its_pointer_and_its_body_in_another_text() -> None:
    asked: list[str] = []

    def fetch(url: str) -> str:
        asked.append(url)
        return PARTS

    operation = read_api(OPENAPI, "https://example.com/spec/api.yaml", fetch).at_pointer("/paths/~1pets~1{id}/put")

    assert operation is not None
    assert (operation.id, operation.content_types, operation.body_required) == (
        "putPet",
        ("application/json", "text/xml"),
        True,
    )
    assert asked == ["https://example.com/spec/parts.yaml"]


def test_references_in_a_circle_end() -> None:
    with pytest.raises(InvalidRequest, match="circle"):
        read_api(OPENAPI).operation("loop")


def test_swagger_is_read_as_openapi_would_say_it() -> None:
    operation = read_api(SWAGGER).operation("addPet")

    assert operation is not None
    assert operation.servers == (Server(url="https://api.example.com/v2"),)
    assert (operation.content_types, operation.body_required) == (("application/json",), True)
    assert [(rule.name, rule.style, rule.explode) for rule in operation.parameters] == [("ids", "form", True)]
    assert operation.schemes == {"login": SecurityScheme(type="http", scheme="basic")}


def test_asyncapi_is_refused_by_name_and_kinds_are_told_apart() -> None:
    with pytest.raises(NotSupported, match="AsyncAPI"):
        read_api("asyncapi: 3.0.0")

    assert kind_of({"arazzo": "1.0.1"}) == "arazzo"
    assert kind_of({"swagger": "2.0"}) == "openapi"


def test_our_own_description_has_the_operations_of_the_reference_document() -> None:
    api = read_api(described(OPERATIONS).decode())

    assert {"getJob", "runJobNow", "getJobRun"} <= set(api.operation_ids)
