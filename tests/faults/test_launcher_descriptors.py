"""A launcher with more descriptors than most programs ever have."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from launching import running_yard

from runyard.executors.launcher.places import Places

MANY = 1100  # descriptors; select() takes 1024


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != before[1] < 3 * MANY:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"the system lets no process have {3 * MANY} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(3 * MANY, before[0]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_descriptors")
def test_a_launcher_with_very_many_descriptors_goes_on(tmp_path: Path) -> None:
    with running_yard(tmp_path, warm=1) as yard, ExitStack() as lines:
        for _ in range(MANY):
            line = lines.enter_context(socket.socket(socket.AF_UNIX))
            line.connect(str(Places(tmp_path).address()))  # waits where too many come at once

        assert {yard.run(attempt_id, "print(1)").exit_code for attempt_id in range(1, 11)} == {0}
