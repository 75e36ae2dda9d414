"""Where a database is: what the options of a connection say, or a connection of the Data Catalog."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from runyard_spark.paths import local

from .flags import flag

URL = re.compile(r"jdbc:([a-z0-9]+):(.*)", re.DOTALL)
OF_CONNECTION: Mapping[str, str] = {"url": "JDBC_CONNECTION_URL", "user": "USERNAME", "password": "PASSWORD"}
"""Words of `connection_options` and the properties of a connection that stand for them."""
VENDORS_OF_URLS: Mapping[str, str] = {"postgres": "postgresql", "mariadb": "mysql"}


@dataclass(frozen=True, kw_only=True)
class Address:
    """A database, and who speaks to it."""

    vendor: str
    rest: str  # of the JDBC URL, behind the vendor
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    @property
    def shown(self) -> str:
        """The URL without what is secret, for messages."""
        return f"jdbc:{self.vendor}:{self.rest.partition('?')[0]}"

    @property
    def url(self) -> str:
        """The whole JDBC URL."""
        return f"jdbc:{self.vendor}:{self.rest}"

    @property
    def server_url(self) -> str:
        """The JDBC URL of the server, without a database."""
        parts = urlsplit(self.rest)
        return f"jdbc:{self.vendor}://{parts.netloc}" if parts.netloc else self.url

    @property
    def file(self) -> str:
        """The file that the URL of a SQLite database names, on this machine."""
        place = self.rest.partition("?")[0]
        return str(local(place.removeprefix("//") if place.startswith("///") else place))

    def in_database(self, name: str) -> Address:
        """Return the address of another database of the same server."""
        parts = urlsplit(self.rest)
        return replace(self, rest=parts._replace(path=f"/{name}").geturl()) if name and parts.netloc else self


def address_of(told: Mapping[str, Any], vendor: str = "") -> Address:
    """Return the address that options name; `vendor` is the connection type that the script says."""
    url = str(told.get("url") or "")
    found = URL.fullmatch(url)
    if found is None:
        raise ValueError(f"url {url!r} is no address of a database; write jdbc:postgresql://HOST:PORT/DATABASE, say.")
    kind = VENDORS_OF_URLS.get(found[1], found[1])
    if vendor not in {"", "jdbc", kind}:
        raise ValueError(f"The connection type is {vendor!r} and the url {url.partition('?')[0]!r} one of {kind!r}.")
    asked = {name: values[-1] for name, values in parse_qs(urlsplit(found[2]).query).items()}
    user, password = (str(told.get(name) or asked.get(name) or "") for name in ("user", "password"))
    address = Address(vendor=kind, rest=found[2], user=user, password=password)
    return address.in_database(str(told.get("database") or ""))


def with_connection(options: Mapping[str, Any], catalog: Any, catalog_id: str | None = None) -> dict[str, Any]:
    """Return options completed by the connection of the Data Catalog that they name, if they name one."""
    name = options.get("connectionName")
    if not (name and flag(options, "useConnectionProperties", default=True)):
        return dict(options)
    return {**of_connection(catalog.connection(str(name), catalog_id)), **options}


def of_connection(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a connection of the Data Catalog says, in the words of `connection_options`."""
    properties = told.get("ConnectionProperties") or {}
    if "SECRET_ID" in properties:
        raise NotImplementedError(
            f"The connection {told.get('Name')!r} has a SECRET_ID, and there is no Secrets Manager; give it a PASSWORD."
        )
    if OF_CONNECTION["url"] not in properties:
        raise ValueError(f"The connection {told.get('Name')!r} has no JDBC_CONNECTION_URL among its properties.")
    return {word: properties[name] for word, name in OF_CONNECTION.items() if name in properties}
