"""Profiles that people keep for the vendors' own tools: ~/.databrickscfg and ~/.aws."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from runyard.client.errors import WrongConnection

Words = Mapping[str, str]

DATABRICKS_DEFAULT = "DEFAULT"
AWS_DEFAULT = "default"
INDIRECT = ("role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file")
"""Words by which a profile of AWS has no keys of its own."""


def databricks_profiles(environment: Words) -> list[str]:
    """Return the names of the profiles there are."""
    return list(_sections(_place(environment, "DATABRICKS_CONFIG_FILE", ".databrickscfg")))


def aws_profiles(environment: Words) -> list[str]:
    """Return the names of the profiles there are."""
    told = _sections(_place(environment, "AWS_CONFIG_FILE", ".aws/config"))
    secret = _sections(_place(environment, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"))
    named = [one.removeprefix("profile ") for one in told if one == AWS_DEFAULT or one.startswith("profile ")]
    return list(dict.fromkeys([*secret, *named]))


def databricks_profile(name: str, environment: Words) -> Words:
    """Return what a profile says, of the file in DATABRICKS_CONFIG_FILE or of ~/.databrickscfg."""
    file = _place(environment, "DATABRICKS_CONFIG_FILE", ".databrickscfg")
    sections = _sections(file)
    if name not in sections:
        raise WrongConnection(f"{file} has no profile {name!r}; it has {_listed(sections)}.")
    return sections[name]


def aws_profile(name: str, environment: Words, *, needs_keys: bool = True) -> Words:
    """Return what a profile says, of ~/.aws/config with ~/.aws/credentials above it, or the files that are named."""
    config = _place(environment, "AWS_CONFIG_FILE", ".aws/config")
    keys = _place(environment, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")
    told, secret = _sections(config), _sections(keys)
    section = AWS_DEFAULT if name == AWS_DEFAULT else f"profile {name}"
    if section not in told and name not in secret:
        known = _listed({*secret, *(one.removeprefix("profile ") for one in told)})
        raise WrongConnection(f"Neither {config} nor {keys} has a profile {name!r}; they have {known}.")
    words = {**told.get(section, {}), **secret.get(name, {})}
    indirect = [one for one in INDIRECT if words.get(one)]
    if needs_keys and indirect and not words.get("aws_secret_access_key"):
        raise WrongConnection(
            f"The profile {name!r} gets its keys by {indirect[0]}, which is not read here. Set the keys in the "
            f'environment: `eval "$(aws configure export-credentials --profile {name} --format env)"`.'
        )
    return words


def _place(environment: Words, variable: str, usual: str) -> Path:
    named = environment.get(variable)
    home = environment.get("HOME")
    return Path(named).expanduser() if named else (Path(home) if home else Path.home()) / usual


def _sections(file: Path) -> Mapping[str, Words]:
    parser = configparser.ConfigParser(interpolation=None, default_section="\0", strict=False)
    try:
        parser.read_string(file.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongConnection(f"{file} cannot be read ({error.__class__.__name__}).") from None
    except configparser.Error as error:  # its text shows the line, which may be a secret
        line = getattr(error, "lineno", None) or next((at for at, _ in getattr(error, "errors", ())), "?")
        raise WrongConnection(f"{file} is no file of profiles: see its line {line}.") from None
    return {name: dict(parser[name]) for name in parser.sections()}


def _listed(names: Mapping[str, object] | set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
