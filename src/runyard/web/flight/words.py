"""Words that the server and its Flight process share."""

from __future__ import annotations

PREFIX = "/flight/v1"
"""Where the process asks what no client of Dremio's may ask."""
FLIGHT = "FLIGHT"  # the type of its jobs
