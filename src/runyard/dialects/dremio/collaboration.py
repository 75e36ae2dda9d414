"""Wikis and tags of entities, each with a version that who changes it must know."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from runyard.dialects import reading
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog import TAGS, WIKI
from runyard.dialects.dremio.catalog_operations import entity
from runyard.dialects.dremio.errors import Refusal
from runyard.engine.documents import Shelves

NOT_SEEN = "The provided version [{told}] does not match the stored version [{now}]."


def get_wiki(call: Call) -> dict[str, Any]:
    """Show a wiki; one that was never written has no version."""
    return _get(call, WIKI, {"text": ""})


def set_wiki(call: Call) -> dict[str, Any]:
    """Write a wiki."""
    return _set(call, WIKI, {"text": call.members["text"]})


def get_tags(call: Call) -> dict[str, Any]:
    """Show tags; some that were never given have no version."""
    return _get(call, TAGS, {"tags": []})


def set_tags(call: Call) -> dict[str, Any]:
    """Give tags in place of those that are there."""
    return _set(call, TAGS, {"tags": reading.texts(call.members["tags"], "tags")})


def _get(call: Call, name: str, nothing: dict[str, Any]) -> dict[str, Any]:
    def look(shelves: Shelves) -> dict[str, Any]:
        return _shown(name, entity(shelves, call.text("id")).content.get(name, nothing))

    return catalog.read(call, look)


def _set(call: Call, name: str, content: dict[str, Any]) -> dict[str, Any]:
    def save(shelves: Shelves) -> dict[str, Any]:
        seen = entity(shelves, call.text("id"))
        version = seen.content.get(name, {}).get("version")
        told = call.members.get("version")
        if version is not None and told != version:
            raise Refusal(HTTPStatus.CONFLICT, NOT_SEEN.format(now=version, told=told))
        kept = {**content, "version": 0 if version is None else version + 1}
        shelves.save(seen, {**seen.content, name: kept})
        return _shown(name, kept)

    return catalog.change(call, save)


def _shown(name: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Show a wiki or tags; the version of tags is a text in Dremio."""
    return {**kept, "version": str(kept["version"])} if name == TAGS and "version" in kept else kept


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getWiki",
        method="GET",
        path="catalog/{id}/collaboration/wiki",
        handle=get_wiki,
        summary="Show the wiki of an entity",
        gives={"text": "string!", "version": "int"},
    ),
    Operation(
        id="setWiki",
        method="POST",
        path="catalog/{id}/collaboration/wiki",
        handle=set_wiki,
        summary="Write the wiki of an entity",
        takes={"text": "string!", "version": "int"},
        gives={"text": "string!", "version": "int!"},
    ),
    Operation(
        id="getTags",
        method="GET",
        path="catalog/{id}/collaboration/tag",
        handle=get_tags,
        summary="Show the tags of an entity",
        gives={"tags": "array!", "version": "string"},
    ),
    Operation(
        id="setTags",
        method="POST",
        path="catalog/{id}/collaboration/tag",
        handle=set_tags,
        summary="Give an entity tags",
        takes={"tags": "array!", "version": "int"},
        gives={"tags": "array!", "version": "string!"},
    ),
)
