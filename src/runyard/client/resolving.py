"""From what settings, a profile or the environment say to a connection that can be spoken to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.client.connection import DATABRICKS, DREMIO, GLUE, RUNYARD, Connection
from runyard.client.credentials import AwsKeys, Bearer, ClientSecret, Credentials
from runyard.client.errors import WrongConnection
from runyard.client.profiles import (
    AWS_DEFAULT,
    DATABRICKS_DEFAULT,
    aws_profile,
    aws_profiles,
    databricks_profile,
    databricks_profiles,
)
from runyard.client.transport import Transport

Words = Mapping[str, Any]

PLAIN = ("service", "url", "profile", "region", "account", "project_id", "limit", "ca_file", "access_key", "client_id")
SECRET = ("token", "secret_key", "session_token", "client_secret")
KNOWN = frozenset({*PLAIN, *SECRET, *(f"{name}_env" for name in (*SECRET, "access_key", "client_id"))})
SERVICE_NAMES = (DATABRICKS, GLUE, "aws", DREMIO, RUNYARD)

VARIABLES: Mapping[str, str] = {
    DATABRICKS: "DATABRICKS_HOST and DATABRICKS_TOKEN",
    GLUE: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
    DREMIO: "DREMIO_URI, DREMIO_TOKEN and DREMIO_PROJECT_ID",
    RUNYARD: "RUNYARD_URL and RUNYARD_TOKEN",
}
_ENVIRONMENT: Mapping[str, tuple[tuple[str, str], ...]] = {
    DATABRICKS: (
        ("DATABRICKS_HOST", "url"),
        ("DATABRICKS_TOKEN", "token"),
        ("DATABRICKS_CLIENT_ID", "client_id"),
        ("DATABRICKS_CLIENT_SECRET", "client_secret"),
        ("DATABRICKS_CONFIG_PROFILE", "profile"),
    ),
    GLUE: (
        ("AWS_ENDPOINT_URL", "url"),
        ("AWS_ENDPOINT_URL_GLUE", "url"),
        ("AWS_ACCESS_KEY_ID", "access_key"),
        ("AWS_SECRET_ACCESS_KEY", "secret_key"),
        ("AWS_SESSION_TOKEN", "session_token"),
        ("AWS_DEFAULT_REGION", "region"),
        ("AWS_REGION", "region"),
        ("AWS_PROFILE", "profile"),
        ("AWS_CA_BUNDLE", "ca_file"),
    ),
    DREMIO: (("DREMIO_URI", "url"), ("DREMIO_TOKEN", "token"), ("DREMIO_PROJECT_ID", "project_id")),
    RUNYARD: (("RUNYARD_URL", "url"), ("RUNYARD_TOKEN", "token")),
}
_ENOUGH: Mapping[str, frozenset[str]] = {
    DATABRICKS: frozenset({"url", "profile"}),
    GLUE: frozenset({"access_key", "profile"}),
    DREMIO: frozenset({"url", "token"}),
    RUNYARD: frozenset({"url"}),
}
"""What the environment must say one of, to be taken as naming a service."""
_OF_DATABRICKS: Mapping[str, str] = {
    "host": "url",
    "token": "token",
    "client_id": "client_id",
    "client_secret": "client_secret",
}
_OF_AWS: Mapping[str, str] = {
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "aws_session_token": "session_token",
    "region": "region",
    "endpoint_url": "url",
    "ca_bundle": "ca_file",
}
_KEYS_OF_AWS = frozenset({"access_key", "secret_key", "session_token"})
"""They belong together, and are never mixed from two places."""
DREMIO_CLOUD = "https://api.dremio.cloud"


def checked(name: str, words: Any) -> Words:
    """Return a table [connections.NAME]; refuse what cannot be meant. No value is shown: it may be a secret."""
    if not isinstance(words, Mapping):
        raise WrongConnection(f"connections.{name} must be a table: write [connections.{name}] above its settings.")
    if unknown := sorted(words.keys() - KNOWN):
        known = ", ".join(sorted(KNOWN))
        raise WrongConnection(f"connections.{name} has no setting {', '.join(unknown)}. Known are: {known}.")
    if words.get("service") not in SERVICE_NAMES:
        raise WrongConnection(f"connections.{name}.service must be one of {', '.join(SERVICE_NAMES)}.")
    for key, value in words.items():
        if key == "limit" and not (type(value) is int and value >= 1):
            raise WrongConnection(f"connections.{name}.limit must be a number of at least 1.")
        if key != "limit" and not isinstance(value, str):
            raise WrongConnection(f"connections.{name}.{key} must be a text.")
    return words


def of_environment(service: str, environment: Mapping[str, str]) -> Words:
    """Return what the vendor's own variables say; nothing if they name no service."""
    words = {word: environment[name] for name, word in _ENVIRONMENT[service] if environment.get(name)}
    return words if _ENOUGH[service] & words.keys() else {}


def of_surroundings(service: str, environment: Mapping[str, str]) -> Words:
    """Return what the environment says, else that the vendor's default profile is meant; refuse if there is neither."""
    words = of_environment(service, environment)
    if words:
        return words
    default, profiles = _DEFAULTS.get(service, ("", lambda _: []))
    if default in profiles(environment):
        return {"profile": default}
    raise WrongConnection(
        f"Nothing says where {service} is: set {VARIABLES[service]}, or give them as words of `connect`."
    )


def connection(name: str, service: str, words: Words, environment: Mapping[str, str]) -> Connection:
    """Return the connection that words describe; what a profile says stands behind what settings say."""
    given = {**words, **_from_variables(name, words, environment)}
    told: Words = {**_PROFILES[service](given, environment), **given}
    return Connection(
        name=name,
        service=service,
        url=_URLS[service](name, told),
        credentials=_CREDENTIALS[service](name, told),
        region=told.get("region", ""),
        account=told.get("account", ""),
        project_id=told.get("project_id", ""),
        limit=told.get("limit"),
        ca_file=told.get("ca_file"),
    )


def _from_variables(name: str, words: Words, environment: Mapping[str, str]) -> Words:
    found = {}
    for key, variable in words.items():
        if key.endswith("_env"):
            if not environment.get(variable):
                raise WrongConnection(f"connections.{name}.{key} names {variable}, which the environment has not set.")
            found[key.removesuffix("_env")] = environment[variable]
    return found


def _profile_of_databricks(words: Words, environment: Mapping[str, str]) -> Words:
    named = words.get("profile")
    if named is None and ("url" in words or DATABRICKS_DEFAULT not in databricks_profiles(environment)):
        return {}
    found = databricks_profile(named or DATABRICKS_DEFAULT, environment)
    return {word: found[key] for key, word in _OF_DATABRICKS.items() if found.get(key)}


def _profile_of_aws(words: Words, environment: Mapping[str, str]) -> Words:
    """Return what a profile says; of the one that nobody named only what stands beside the keys that were given."""
    named = words.get("profile")
    if named is None and AWS_DEFAULT not in aws_profiles(environment):
        return {}
    has_keys = "access_key" in words
    found = aws_profile(named or AWS_DEFAULT, environment, needs_keys=not has_keys)
    known = {word: found[key] for key, word in _OF_AWS.items() if found.get(key)}
    return {word: value for word, value in known.items() if not (has_keys and word in _KEYS_OF_AWS)}


def _url_of_databricks(name: str, words: Words) -> str:
    return _with_scheme(_needed(name, words, "url"))


def _url_of_glue(name: str, words: Words) -> str:
    region = _needed(name, words, "region")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return _with_scheme(words.get("url") or f"https://glue.{region}.{suffix}")


def _url_of_dremio(name: str, words: Words) -> str:
    if not words.get("url"):
        _needed(name, words, "project_id")  # a server of one's own has none
    return _with_scheme(words.get("url") or DREMIO_CLOUD)


def _token(name: str, words: Words) -> Credentials:
    if words.get("token"):
        return Bearer(token=words["token"])
    if words.get("client_id") and words.get("client_secret"):
        ca_file = words.get("ca_file")
        return ClientSecret(
            client_id=words["client_id"],
            client_secret=words["client_secret"],
            transport=lambda url: Transport(url, ca_file=ca_file),
        )
    advice = "give token, token_env, or client_id with client_secret"
    raise WrongConnection(f"The connection {name!r} has no token: {advice}.")


def _keys(name: str, words: Words) -> Credentials:
    return AwsKeys(
        access_key=_needed(name, words, "access_key"),
        secret_key=_needed(name, words, "secret_key"),
        session_token=words.get("session_token"),
        region=_needed(name, words, "region"),
    )


def _needed(name: str, words: Words, key: str) -> str:
    value: str = words.get(key, "")
    if not value:
        raise WrongConnection(
            f"The connection {name!r} has no {key}: give it in settings.toml, a profile or a variable."
        )
    return value


def _with_scheme(url: str) -> str:
    address = url.partition("?")[0].partition("#")[0]  # copied from a browser, it names a page too
    return (address if "//" in address else f"https://{address}").rstrip("/")


_DEFAULTS: Mapping[str, tuple[str, Callable[[Mapping[str, str]], list[str]]]] = {
    DATABRICKS: (DATABRICKS_DEFAULT, databricks_profiles),
    GLUE: (AWS_DEFAULT, aws_profiles),
}
_PROFILES: Mapping[str, Callable[[Words, Mapping[str, str]], Words]] = {
    DATABRICKS: _profile_of_databricks,
    GLUE: _profile_of_aws,
    DREMIO: lambda _, __: {},
    RUNYARD: lambda _, __: {},
}
_URLS: Mapping[str, Callable[[str, Words], str]] = {
    DATABRICKS: _url_of_databricks,
    GLUE: _url_of_glue,
    DREMIO: _url_of_dremio,
    RUNYARD: lambda name, words: _with_scheme(_needed(name, words, "url")),
}
_CREDENTIALS: Mapping[str, Callable[[str, Words], Credentials]] = {
    DATABRICKS: _token,
    GLUE: _keys,
    DREMIO: _token,
    RUNYARD: _token,
}
