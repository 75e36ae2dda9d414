"""The page for administrators, what others see of it, and what a viewer may press elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from access_live import People
from console_yard import Visitor
from live import Live
from playwright.sync_api import Browser, BrowserContext, Page, expect
from ui_pages import sideways, violations

SHOTS = os.environ.get("RUNYARD_SCREENSHOTS")
"""Where pictures for the documentation are laid."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server with a setting that is a secret."""
    settings = 'places = 7\n[smtp]\nhost = "mail.example"\npassword = "hunter22"\n[environment]\nAPI_KEY = "sesame"\n'
    server = Live(tmp_path_factory.mktemp("admin") / "home", settings=settings).start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def people(live: Live) -> People:
    return People(live)


def entered(browser: Browser, live: Live, user: str, password: str) -> BrowserContext:
    """Return a browser in which somebody has signed in by name."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"{live.url}/admin")
    page.get_by_label("User").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Admin", exact=True).wait_for()
    page.close()
    return context


def test_an_administrator_adds_a_user_who_signs_in_with_the_password_that_is_shown_once(
    page: Page, browser: Browser, live: Live
) -> None:
    page.goto(f"{live.url}/admin")
    page.get_by_role("button", name="Add a user").click()
    dialog = page.get_by_role("dialog", name="Add a user")
    dialog.get_by_label("Name").fill("nora")
    dialog.get_by_label("Role").select_option("viewer")
    dialog.get_by_role("button", name="Add", exact=True).click()
    shown = page.get_by_role("dialog", name="The password of nora")
    password = shown.locator("code").inner_text()
    shown.get_by_role("button", name="Done").click()
    row = page.get_by_role("row", name="nora")

    expect(row).to_contain_text("viewer")
    context = entered(browser, live, "nora", password)
    theirs = context.new_page()
    theirs.goto(f"{live.url}/admin")
    expect(theirs.get_by_role("heading", name="Your tokens")).to_be_visible()
    expect(theirs.get_by_text("is for administrators")).to_be_visible()
    expect(theirs.get_by_text("runyard users role nora admin")).to_be_visible()
    expect(theirs.get_by_role("heading", name="Users", exact=True)).to_have_count(0)
    assert violations(theirs) == []
    context.close()


def test_a_token_is_shown_once_and_good_until_it_is_revoked(page: Page, live: Live, people: People) -> None:
    people.add("tom", "operator")
    page.goto(f"{live.url}/admin")
    page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog", name="New token")
    dialog.get_by_label("What it is for").fill("nightly")
    dialog.get_by_role("textbox", name="User").fill("tom")
    dialog.get_by_label("Good for").select_option("viewer")
    dialog.get_by_role("button", name="Make it").click()
    shown = page.get_by_role("dialog", name="The token nightly")
    expect(shown.locator("code")).to_have_count(3)
    token, access_key, secret = shown.locator("code").all_inner_texts()
    shown.get_by_role("button", name="Done").click()

    assert people.told("GET", "/runyard/v1/me", token) == (
        200,
        {"user": "tom", "workspace": "default", "role": "viewer", "by_token": True},
    )
    row = page.get_by_role("row", name="nightly")
    expect(row).to_contain_text(access_key)
    assert token not in page.content()
    assert secret not in page.content()
    row.get_by_role("button", name="Revoke nightly of tom").click()
    row.get_by_role("button", name="Revoke nightly of tom").click()
    expect(row).to_have_count(0)
    assert people.told("GET", "/runyard/v1/me", token)[0] == 401


def test_roles_are_given_and_users_disabled_and_removed(page: Page, live: Live, people: People) -> None:
    people.add("rita", "viewer")
    page.goto(f"{live.url}/admin")
    row = page.get_by_role("row", name="rita")
    row.get_by_role("button", name="Change the role of rita").click()
    dialog = page.get_by_role("dialog", name="What rita may do")
    dialog.get_by_label("Role").select_option("operator")
    dialog.get_by_label("Workspace").fill("sales")
    dialog.get_by_role("button", name="Give").click()

    expect(row).to_contain_text("viewer, operator in sales")
    row.get_by_role("button", name="Disable rita").click()
    expect(row).to_contain_text("disabled")
    row.get_by_role("button", name="Enable rita").click()
    expect(row).to_contain_text("enabled")
    row.get_by_role("button", name="Remove rita").click()
    row.get_by_role("button", name="Remove rita").click()
    expect(row).to_have_count(0)
    expect(page.get_by_role("row", name="owns the home")).to_contain_text("admin")


def test_processes_settings_and_what_holds_a_place_are_shown_without_secrets(
    page: Page, live: Live, visitor: Visitor, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)"
    run = visitor.submit(wait, name="holds.py")
    number = str(run["id"])
    page.goto(f"{live.url}/admin")

    expect(page.get_by_text("The launcher (process")).to_contain_text("answered in")
    expect(page.get_by_role("row", name="runyard-launch")).to_contain_text("outlives the server")
    expect(page.get_by_role("row").filter(has=page.get_by_role("link", name=number))).to_contain_text("running")
    expect(page.get_by_text("of 7 places taken")).to_be_visible()
    expect(page.get_by_role("row", name="smtp")).to_contain_text("mail.example")
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_role("row", name="retention_days")).to_be_visible()
    assert "hunter22" not in page.content()
    assert "sesame" not in page.content()
    gate.touch()
    visitor.ended(run)
    expect(page.get_by_text("Nothing holds a place now.")).to_be_visible()


def test_a_viewer_sees_what_may_not_be_pressed_and_why(
    browser: Browser, live: Live, people: People, visitor: Visitor
) -> None:
    run = visitor.submit("print(1)", name="seen.py")
    visitor.ended(run)
    context = entered(browser, live, "vera", people.add("vera", "viewer"))
    page = context.new_page()
    page.goto(f"{live.url}/runs/{run['id']}")
    again = page.get_by_role("button", name="Run again")

    expect(again).to_be_disabled()
    expect(again).to_have_attribute("title", "This needs the role operator; vera is viewer.")
    assert violations(page) == []
    people.role("vera", "operator")
    page.reload()
    expect(page.get_by_role("button", name="Run again")).to_be_enabled()
    context.close()


def test_a_page_of_somebody_who_is_disabled_ends_at_once(browser: Browser, live: Live, people: People) -> None:
    context = entered(browser, live, "otto", people.add("otto", "viewer"))
    page = context.new_page()
    page.goto(f"{live.url}/runs")
    expect(page.locator(".signal")).to_have_text("live")
    people.disable("otto")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_the_page_can_be_read_by_everybody(
    context: BrowserContext, live: Live, people: People, scheme: str, width: int
) -> None:
    name = f"reader-{scheme}-{width}"
    people.add(name, "operator")
    people.token(name, name="ci")
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 860})
    page.goto(f"{live.url}/admin")
    page.get_by_text("Settings in force").wait_for()

    assert violations(page) == []
    assert sideways(page) == 0
    page.get_by_role("button", name="New token").click()
    page.get_by_role("dialog", name="New token").wait_for()
    assert violations(page) == []


@pytest.mark.skipif(SHOTS is None, reason="RUNYARD_SCREENSHOTS says where pictures go")
def test_a_picture_is_taken_for_the_documentation(context: BrowserContext, live: Live, people: People) -> None:
    for name, role in (("ana", "operator"), ("carol", "admin"), ("vic", "viewer")):
        people.add(name, role)
    people.token("ana", name="nightly loads", lifetime_s=30 * 86_400)
    page = context.new_page()
    page.goto(f"{live.url}/admin")
    page.get_by_text("Settings in force").wait_for()
    page.screenshot(path=f"{SHOTS}/admin.png", full_page=True)


def test_what_is_shown_is_what_the_server_says(live: Live, people: People) -> None:
    status, told = people.told("GET", "/console/v1/server", live.credentials["token"])

    assert status == 200
    assert told["launcher"]["active"] >= 0
    known = {one["name"]: one["value"] for one in told["settings"]}
    assert known["smtp"]["password"] == "********"
    assert known["environment"] == {"API_KEY": "********"}
    assert "hunter22" not in json.dumps(told)


def test_who_has_several_workspaces_goes_from_one_to_another(browser: Browser, live: Live, people: People) -> None:
    password = people.add("gina", "viewer")
    people.role("gina", "operator", workspace="sales")
    people.add("sid", "operator", workspace="sales")
    token = people.token("sid", workspace="sales")["token"]
    script = {"script": {"name": "of-sales.py", "source": "print(1)"}}
    assert people.told("POST", "/runyard/v1/runs", token, script)[0] == 201
    context = entered(browser, live, "gina", password)
    page = context.new_page()
    page.goto(f"{live.url}/runs")
    page.locator(".signal.live").wait_for()
    expect(page.get_by_role("link", name="of-sales.py")).to_have_count(0)
    page.get_by_label("Workspace").select_option("sales")

    expect(page.get_by_role("link", name="of-sales.py")).to_be_visible()
    expect(page.get_by_label("Workspace")).to_have_value("sales")
    page.get_by_role("link", name="of-sales.py").click()
    expect(page.get_by_role("button", name="Run again")).to_be_enabled()
    assert violations(page) == []
    context.close()
    alone = entered(browser, live, "sid", people.password("sid"))
    theirs = alone.new_page()
    theirs.goto(f"{live.url}/runs")
    expect(theirs.get_by_role("link", name="of-sales.py")).to_be_visible()
    expect(theirs.get_by_label("Workspace")).to_have_count(0)
    alone.close()


def test_the_tabs_of_a_browser_are_all_of_whoever_signed_in_last(browser: Browser, live: Live, people: People) -> None:
    password = people.add("tia", "viewer")
    people.role("tia", "operator", workspace="stock")
    people.add("sam", "operator", workspace="stock")
    context = entered(browser, live, "tia", password)
    page, beside = context.new_page(), context.new_page()
    for one in (page, beside):
        one.goto(f"{live.url}/runs")
        one.locator(".signal.live").wait_for()
    page.get_by_label("Workspace").select_option("stock")

    expect(beside.get_by_label("Workspace")).to_have_value("stock")
    page.locator(".signal.live").wait_for()
    page.get_by_role("button", name="Sign out").click()
    expect(beside.get_by_label("Password")).to_be_visible()
    page.get_by_label("User").fill("sam")
    page.get_by_label("Password").fill(people.password("sam"))
    page.get_by_role("button", name="Sign in").click()
    expect(beside.get_by_role("button", name="Sign out")).to_have_attribute("title", "Sign out sam (operator)")
    context.close()


def test_people_change_their_own_password_and_go_on(browser: Browser, live: Live, people: People) -> None:
    first = people.add("pia", "viewer")
    context, other = (entered(browser, live, "pia", first) for _ in range(2))
    page, beside = context.new_page(), other.new_page()
    beside.goto(f"{live.url}/runs")
    beside.locator(".signal.live").wait_for()
    page.goto(f"{live.url}/admin")
    page.get_by_role("button", name="Change your password").click()
    dialog = page.get_by_role("dialog", name="Change your password")
    dialog.get_by_label("Password now").fill("not that one")
    dialog.get_by_label("New password").fill("quite another one")
    dialog.get_by_role("button", name="Change it").click()
    expect(dialog.get_by_role("alert")).to_have_text("That is not your password.")
    dialog.get_by_label("Password now").fill(first)
    dialog.get_by_role("button", name="Change it").click()

    expect(page.get_by_role("status").filter(has_text="The password is changed")).to_be_visible()
    expect(beside.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{live.url}/runs")
    expect(page.locator(".signal")).to_have_text("live")
    for one in (context, other):
        one.close()
    entered(browser, live, "pia", "quite another one").close()
