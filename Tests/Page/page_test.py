"""Tests of the gateway's page in a real browser, against the fake gateway and, where a binary is given, `braid serve`.

    scripts/test-page [BRAID]

Every check runs on a fresh page. Whatever it does, nothing may be written to the console as an error, no content-security
policy may be violated, no exception may be thrown, and nothing that a model, a user or a server wrote may be executed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

from playwright.sync_api import Browser, Page, sync_playwright

import fake_gateway
from payloads import CROSSED, PAYLOADS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Clients"))
from fake_upstream import FakeUpstream  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "Sources" / "BraidGateway" / "Page"
PUZZLE = "Make 24 from 3, 8, 5 and 2"
EQUATIONS = "If 3x + 7 = 22 and 7y + 4 = 3y + 32, what is x * y + 2?"

WATCH = """
window.executed = [];
window.xss = () => window.executed.push(new Error().stack);
window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
// For each animation frame: how much text each lane has, and whether there is an answer.
window.frames_seen = [];
(function watch() {
  if (window.frames_seen === null) return;
  const lanes = {};
  for (const lane of document.querySelectorAll(".lane")) {
    lanes[lane.dataset.line] = lane.querySelector(":scope > .lane-body > .text")?.textContent.length ?? 0;
  }
  const answer = document.querySelector(".answer-text");
  window.frames_seen.push({ lanes, answered: answer !== null && !answer.classList.contains("none") });
  requestAnimationFrame(watch);
})();
"""


class Failure(Exception):
    """What a check found wrong."""


def expect(condition: object, message: str):
    if not condition:
        raise Failure(message)


def equal(found: object, wanted: object, what: str):
    expect(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


class Server:
    """A server in a process of its own."""

    def __init__(self, command: list[str], pattern: str = r"http://127\.0\.0\.1:\d+"):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if match := re.search(pattern, line):
                self.url = match.group(0)
                return
        raise SystemExit(f"{' '.join(command)} did not start:\n{''.join(seen)}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def fake(*options: str) -> Server:
    return Server([sys.executable, str(HERE / "fake_gateway.py"), "--page", str(PAGE), *options])


@contextlib.contextmanager
def serving(*options: str):
    server = fake(*options)
    try:
        yield server
    finally:
        server.stop()


class Visit:
    """A fresh page of a server, and what went wrong on it."""

    def __init__(self, browser: Browser, url: str, path: str = "", width: int = 1280, key: str | None = None, **options):
        self.url = url
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complain(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.add_init_script(WATCH)
        if key:
            self.page.add_init_script(f"sessionStorage.setItem('braid.key', {json.dumps(key)})")
        self.page.goto(url + "/" + path)
        self.page.wait_for_selector("#method option", state="attached")

    def complain(self, kind: str, text: str):
        if kind in ("error", "warning"):
            self.complaints.append(f"console: {text}")

    def allow(self, pattern: str):
        """Takes back complaints that a check provoked."""
        self.complaints = [text for text in self.complaints if not re.search(pattern, text)]

    def close(self):
        executed = self.page.evaluate("window.executed")
        violations = self.page.evaluate("window.violations")
        self.context.close()
        equal(executed, [], "executed")
        equal(violations, [], "policy violations")
        equal(self.complaints, [], "complaints")

    def until(self, expression: str, what: str, seconds: float = 20):
        """Waits for an expression; `wait_for_function` would need `unsafe-eval`."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            if time.monotonic() > end:
                raise Failure(f"waited {seconds} s for: {what}")
            time.sleep(0.05)

    def ask(self, question: str, method: str | None = None, compare: str | None = None):
        self.page.fill("#question", question)
        if method:
            self.page.select_option("#method", method)
        if compare:
            self.page.select_option("#compare", compare)
        self.page.click("#ask-button")

    def ended(self, runs: int = 1, seconds: float = 60):
        self.until(
            f"document.querySelectorAll('.run').length === {runs} && "
            "[...document.querySelectorAll('.run')].every((run) => run.dataset.status !== 'running') && "
            "document.querySelector('#ask-button').getAttribute('aria-disabled') === 'false' && "
            "document.querySelectorAll('.run .actions a:not([hidden])').length === "
            f"{runs}", f"{runs} ended runs", seconds)
        # The record is read after the last event.
        self.page.wait_for_load_state("networkidle")

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.text_content()

    def figures(self) -> list[list[str]]:
        return self.page.evaluate(
            "[...document.querySelectorAll('.figures tr')].map((row) => [...row.cells].map((cell) => cell.textContent))")

    def scrolls_sideways(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def audit(self, where: str):
        equal(self.page.evaluate((HERE / "audit.js").read_text()), [], f"accessibility, {where}")
        equal(self.scrolls_sideways(), False, f"scrolls sideways, {where}")

    def runs(self, **query: str) -> list[dict]:
        address = f"{self.url}/v1/trajectories?" + "&".join(f"{name}={value}" for name, value in query.items())
        with urllib.request.urlopen(address) as response:
            return json.load(response)["data"]

    def growing_lanes(self) -> int:
        """How many lanes' texts grew over at least two frames before there was an answer."""
        grew: dict[str, set[int]] = {}
        for frame in self.page.evaluate("window.frames_seen"):
            if not frame["answered"]:
                for lane, length in frame["lanes"].items():
                    if length > 0:
                        grew.setdefault(lane, set()).add(length)
        return sum(1 for lengths in grew.values() if len(lengths) > 1)


# Checks against the fake gateway


def lanes_grow_before_the_answer(visit: Visit):
    visit.ask(PUZZLE)
    visit.ended()
    expect(visit.growing_lanes() >= 5, f"only {visit.growing_lanes()} lanes grew before the answer")
    equal(visit.text(".answer-text"), "((5 + 3) * 2) + 8", "answer")
    equal(visit.page.locator(".lane").count(), 6, "lanes")
    equal(visit.page.locator(".lane.main .threads > .lane").count(), 5, "threads inside the main line")
    [run] = visit.runs()
    header, row = visit.figures()
    metrics = run["metrics"]
    equal(row[:3] + row[4:5], ["adaptive", str(metrics["total_tokens"]), str(metrics["critical_path_tokens"]),
                               str(metrics["threads"])], "figures")
    equal(row[6], "right", "checked")
    expect(f"= {metrics['critical_path_tokens']} of {metrics['total_tokens']} tokens" in visit.text(".chain"),
           f"the critical path is {visit.text('.chain')}")
    expect(visit.page.locator(".plot .bar.critical").count() >= 3, "the critical path is not drawn")


def threads_nest(visit: Visit):
    visit.ask("nested " + PUZZLE)
    visit.ended()
    equal(visit.page.locator("[data-line='0.2'] [data-line='0.2.1']").count(), 1, "thread 0.2.1 inside 0.2")
    visit.audit("nested")


def a_past_run_shows_everything(visit: Visit):
    visit.ask(PUZZLE)
    visit.ended()
    live = visit.page.evaluate("[...document.querySelectorAll('.lane .text')].map((text) => text.textContent)")
    visit.page.reload()
    visit.until("document.querySelectorAll('.run').length === 1", "the run that the address names")
    stored = visit.page.evaluate("[...document.querySelectorAll('.lane .text')].map((text) => text.textContent)")
    equal(stored, live, "texts from the store")
    visit.ask("What is 27 + 58?", method="sequential")
    visit.ended()
    visit.page.click(".past-list li:nth-child(2) a")
    visit.until("document.querySelector('#runs-title').textContent.startsWith('Make 24')", "the older run")
    equal(visit.page.evaluate("document.activeElement.id"), "runs-title", "focus")
    equal(visit.page.locator(".past-list a[aria-current]").count(), 1, "marked runs in the list")
    visit.page.click(".tree > summary")
    origins = visit.page.locator(".tree .origin").all_text_contents()
    equal(sorted(set(origins)), ["fork", "joined", "model", "prompt", "returned", "seed"], "parts of the tree")
    visit.page.go_back()
    visit.until("document.querySelector('#runs-title').textContent.startsWith('What is')", "the newer run again")
    with visit.page.expect_download() as download:
        visit.page.click(".actions a")
    expect(re.fullmatch(r"run_\w{26}\.json", download.value.suggested_filename), "the trace has another name")


def cancelling(visit: Visit):
    for how in ("button", "Escape"):
        visit.ask("slow " + PUZZLE)
        visit.until("document.querySelector('.run .text')?.textContent.length > 5", "some text")
        visit.page.click(".cancel") if how == "button" else visit.page.keyboard.press("Escape")
        visit.ended()
        equal(visit.page.get_attribute(".run", "data-status"), "cancelled", f"status after {how}")
        equal(visit.text(".answer-text"), "none: cancelled", f"answer after {how}")
    equal([run["status"] for run in visit.runs()], ["cancelled", "cancelled"], "statuses in the store")


def closing_the_page_ends_the_run(visit: Visit):
    visit.ask("slow " + PUZZLE)
    visit.until("document.querySelector('.run .text')?.textContent.length > 5", "some text")
    visit.page.goto("about:blank")
    visit.page.goto(visit.url)
    end = time.monotonic() + 10
    while visit.runs()[0]["status"] == "running" and time.monotonic() < end:
        time.sleep(0.1)
    equal(visit.runs()[0]["status"], "cancelled", "status of a run whose page was closed")


def search_filters_and_paging(visit: Visit):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for number in range(60):
            pool.submit(post, visit.url, f"What is {number} + 1000?", "adaptive" if number % 2 else "sequential")
    visit.page.reload()
    visit.until("document.querySelectorAll('.past-list li').length === 25", "the first page")
    visit.page.click("#older")
    visit.until("document.querySelectorAll('.past-list li').length === 50", "the second page")
    equal(visit.page.evaluate("document.activeElement.closest('li') === document.querySelectorAll('.past-list li')[25]"),
          True, "focus is on the first older run")
    visit.page.click("#older")
    visit.until("document.querySelectorAll('.past-list li').length === 60", "the last page")
    equal(visit.page.is_visible("#older"), False, "older runs are offered")
    visit.page.fill("#search", "What is 42 ")
    visit.until("document.querySelectorAll('.past-list li').length === 1", "one match")
    visit.page.fill("#search", "nothing like it")
    visit.until("document.querySelector('#past-state').textContent === 'No run matches.'", "no match")
    visit.page.fill("#search", "")
    visit.page.select_option("#filter-method", "sequential")
    visit.until("[...document.querySelectorAll('.past-facts')].length === 25 && "
                "[...document.querySelectorAll('.past-facts')].every((facts) => facts.textContent.startsWith('sequential'))",
                "only sequential runs")
    visit.page.select_option("#filter-status", "failed")
    visit.until("document.querySelector('#past-state').textContent === 'No run matches.'", "no failed run")


def two_methods_side_by_side(visit: Visit):
    visit.ask(PUZZLE, compare="sequential")
    visit.ended(2)
    rows = visit.figures()
    equal([row[0] for row in rows], ["", "adaptive", "sequential", "first / second"], "rows")
    equal(rows[3][1], f"{int(rows[1][1]) / int(rows[2][1]):.2f}", "ratio of tokens")
    boxes = [visit.page.locator(".run").nth(index).bounding_box() for index in (0, 1)]
    expect(boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"], f"not side by side: {boxes}")
    first, second = [run["created_at"] + run["metrics"]["seconds"] for run in sorted(visit.runs(), key=lambda run: run["id"])]
    expect(sorted(visit.runs(), key=lambda run: run["id"])[1]["created_at"] >= first - 0.05, "the two ran at the same time")
    visit.page.reload()
    visit.until("document.querySelectorAll('.run').length === 2", "both runs that the address names")
    visit.audit("two columns")
    visit.ask("What is 347 * 86?")
    visit.ended(1)
    visit.page.click("text=Compare with sequential")
    visit.ended(2)
    equal([row[0] for row in visit.figures()], ["", "adaptive", "sequential", "first / second"], "rows")


def nothing_came_alive(visit: Visit, what: str):
    """Looks at every element that runs made, after poking it."""
    page = visit.page
    page.click(".tree > summary")
    page.evaluate("document.querySelectorAll('.tree details').forEach((each) => { each.open = true })")
    page.evaluate("""() => {
        for (const element of document.querySelectorAll('#runs *, .past-list *')) {
            for (const type of ['mouseover', 'focus', 'click', 'toggle']) {
                if (type !== 'click' || !element.closest('a, button, summary')) element.dispatchEvent(new Event(type));
            }
        }
    }""")
    strange = page.evaluate("""[...document.querySelectorAll('#runs *, .past-list *')].filter((element) =>
        !/^(ARTICLE|HEADER|SECTION|DIV|P|SPAN|BDI|H2|H3|H4|UL|OL|LI|A|BUTTON|TIME|TABLE|CAPTION|TBODY|TR|TH|TD|DETAILS|SUMMARY|svg|g|rect|line|text|title)$/
            .test(element.tagName)
        || [...element.attributes].some(({ name, value }) => /^on|^srcdoc$/i.test(name) || /^\\s*javascript:/i.test(value))
    ).map((element) => element.outerHTML.slice(0, 200))""")
    equal(strange, [], f"elements that {what!r} made")


def hostile_texts(visit: Visit):
    page = visit.page
    for payload in PAYLOADS:
        visit.ask("hostile: " + payload)
        visit.ended()
        equal(page.evaluate("document.querySelector('.answer-text').textContent"),
              re.sub("\r\n?", "\n", payload), "answer as it was written")
        nothing_came_alive(visit, payload)
        equal(visit.scrolls_sideways(), False, f"scrolls sideways with {payload[:40]!r}")
    visit.ask("hostile many")
    visit.ended()
    equal(page.locator(".lane").count(), len(CROSSED) + 1, "lanes")
    nothing_came_alive(visit, "many")
    for payload in PAYLOADS[::8]:
        post(visit.url, "hostile: " + payload, "adaptive")
    page.reload()
    visit.until("document.querySelectorAll('.run').length === 1", "the last run")
    for link in page.locator(".past-list a").all()[:12]:
        link.click()
        page.wait_for_load_state("networkidle")
    time.sleep(0.3)


def hostile_errors(visit: Visit):
    page = visit.page
    payload = "<img src=x onerror=xss()>"
    body = json.dumps({"error": {"message": payload, "type": "x", "param": payload, "code": payload}})
    page.route("**/v1/chat/completions", lambda route: route.fulfill(status=400, content_type="application/json", body=body))
    visit.ask(PUZZLE)
    page.wait_for_selector("#ask-error:not([hidden])")
    equal(visit.text("#ask-error"), payload, "error as it was written")
    page.unroute("**/v1/chat/completions")
    page.route("**/v1/chat/completions", lambda route: route.fulfill(status=502, content_type="text/html", body=payload))
    visit.ask(PUZZLE)
    visit.until("document.querySelector('#ask-error').textContent.includes('502')", "the status of something between")
    about = json.dumps({**fake_gateway.DESCRIPTION, "version": payload, "requires_key": False,
                        "models": [{"id": payload, "methods": [payload], "default_method": payload, "context_length": 10}]})
    page.route("**/v1/braid", lambda route: route.fulfill(content_type="application/json", body=about))
    page.reload()
    visit.until("document.querySelector('#server').textContent.includes('onerror')", "a hostile description")
    visit.allow("Failed to load resource")


def hostile_addresses(visit: Visit):
    for address in ("#<img src=x onerror=xss()>", "#run_../../v1/braid", "#javascript:xss()", "#%00", "#run_unknown"):
        visit.page.goto("about:blank")
        visit.page.goto(visit.url + "/" + address)
        visit.page.wait_for_load_state("networkidle")
    visit.until("document.querySelector('#ask-error').textContent.includes('There is no')", "an unknown run is reported")
    visit.page.goto("about:blank")
    visit.page.goto(visit.url + "/#%E0%A4%A")
    visit.page.wait_for_load_state("networkidle")
    visit.allow("Failed to load resource.*404")


def a_lost_connection_is_taken_up_again(visit: Visit):
    visit.ask("slow drop " + PUZZLE)
    visit.until("document.querySelector('.run .error:not([hidden])')?.textContent.includes('Reconnecting')", "a notice")
    visit.ended()
    equal(visit.page.locator(".run .error:not([hidden])").count(), 0, "notices after the end")
    live = visit.page.evaluate("[...document.querySelectorAll('.lane .text')].map((text) => text.textContent)")
    visit.page.reload()
    visit.until("document.querySelectorAll('.run').length === 1", "the stored run")
    stored = visit.page.evaluate("[...document.querySelectorAll('.lane .text')].map((text) => text.textContent)")
    equal(live, stored, "texts after reconnecting")
    visit.allow("net::ERR_")


def the_server_says_no(visit: Visit):
    visit.ask("refuse")
    visit.until("document.querySelector('#ask-error').textContent === 'Too many runs are waiting. Try again in 2 s.'",
                "why, and when to try again")
    visit.page.fill("#max-threads", "17")
    visit.ask(PUZZLE)
    visit.until("document.activeElement.id === 'max-threads'", "focus on the limit")
    equal(visit.page.get_attribute("#max-threads", "aria-invalid"), "true", "marked")
    equal(visit.page.get_attribute("#max-threads", "aria-describedby"), "ask-error", "described")
    visit.audit("error")
    visit.page.fill("#max-threads", "99")
    visit.ask(PUZZLE)
    equal(visit.text("#ask-error"), "Threads: allowed is a whole number, 1 to 32.", "checked before it is sent")
    visit.page.fill("#max-threads", "4")
    visit.ask(PUZZLE)
    visit.ended()
    equal(visit.page.is_visible("#ask-error"), False, "the error stays")
    visit.ask("  ")
    equal(visit.text("#ask-error"), "Write a question first.", "no question")
    visit.allow("Failed to load resource")


def the_server_goes_away(browser: Browser):
    with serving() as server:
        visit = Visit(browser, server.url)
        visit.ask("slow " + PUZZLE)
        visit.until("document.querySelector('.run .text')?.textContent.length > 5", "some text")
        server.process.kill()
        visit.until("document.querySelector('.run .error:not([hidden])')?.textContent.includes('Reconnecting')", "a notice")
        visit.allow("net::ERR_")
        visit.close()
    with serving() as server:
        visit = Visit(browser, server.url)
        server.process.kill()
        visit.ask(PUZZLE)
        visit.until("document.querySelector('#ask-error').textContent.startsWith('The server cannot be reached')", "an error")
        visit.allow("net::ERR_")
        visit.close()


def keys(browser: Browser):
    with serving("--key", "secret") as server:
        visit = Visit(browser, server.url)
        equal(visit.page.evaluate("document.activeElement.id"), "key", "focus")
        visit.audit("key wanted")
        visit.page.fill("#key", "wrong")
        visit.page.keyboard.press("Enter")
        visit.until("document.querySelector('#past-state').textContent.includes('missing or wrong')", "the wrong key is refused")
        visit.ask(PUZZLE)
        visit.until("document.querySelector('#key-note').textContent.includes('missing or wrong')", "the key is asked for")
        visit.page.fill("#key", "secret")
        visit.page.keyboard.press("Enter")
        visit.until("document.querySelector('#past-state').textContent === 'None yet.'", "the list")
        visit.ask(PUZZLE)
        visit.ended()
        equal(visit.page.evaluate("sessionStorage.getItem('braid.key')"), "secret", "kept in the tab")
        equal(visit.page.evaluate("localStorage.length + document.cookie.length"), 0, "kept elsewhere")
        equal(visit.page.content().count("secret"), 0, "the key stands in the page")
        with visit.page.expect_download() as download:
            visit.page.click(".actions a")
        expect("traceEvents" in pathlib.Path(download.value.path()).read_text(), "the trace is not a trace")
        visit.page.reload()
        visit.until("document.querySelectorAll('.run').length === 1", "the run after a reload")
        visit.allow("Failed to load resource.*401")
        visit.close()


def keyboard_alone(visit: Visit):
    page = visit.page
    post(visit.url, PUZZLE, "adaptive")
    page.reload()
    visit.until("document.querySelectorAll('.past-list li').length === 1", "the list")

    def press_until(selector: str, limit: int = 40):
        for _ in range(limit):
            page.keyboard.press("Tab")
            style = page.evaluate("(({ outlineStyle, outlineWidth }) => `${outlineStyle} ${outlineWidth}`)"
                                  "(getComputedStyle(document.activeElement))")
            focused = page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 30)")
            expect(style != "none 0px" and not style.startswith("none"), f"the focus on {focused!r} cannot be seen")
            if page.evaluate(f"document.activeElement.matches({json.dumps(selector)})"):
                return
        raise Failure(f"{selector} is not reached by Tab")

    page.keyboard.press("Tab")
    equal(page.evaluate("document.activeElement.className"), "skip jump", "the first stop")
    page.keyboard.press("Enter")
    equal(page.evaluate("document.activeElement.id"), "question", "focus after skipping")
    page.keyboard.type("nested " + PUZZLE)
    order = []
    while not order or order[-1] != "ask-button":
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        expect(len(order) < 30, f"the button is not reached: {order}")
    equal(order, ["example"] * 4 + ["model", "method", "compare", "max-threads", "max-depth", "max-total-tokens", "timeout-s",
                                    "ask-button"], "focus order")
    page.keyboard.press("Enter")
    visit.ended()
    press_until(".tree > summary", 60)
    page.keyboard.press("Enter")
    equal(page.evaluate("document.querySelector('.tree').open"), True, "the tree opens")
    press_until(".past-list a[href]", 200)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    visit.until("document.querySelector('#runs-title').textContent.startsWith('Make')", "the past run")
    equal(page.evaluate("document.activeElement.id"), "runs-title", "focus on what was opened")
    page.focus("#question")
    page.keyboard.press("Control+A")
    page.keyboard.type("slow " + PUZZLE)
    page.keyboard.press("Control+Enter")
    visit.until("document.querySelector('.run .text')?.textContent.length > 5", "some text")
    page.keyboard.press("Escape")
    visit.ended()
    equal(page.get_attribute(".run", "data-status"), "cancelled", "status after Escape")


def state_changes_are_said_and_tokens_are_not(visit: Visit):
    visit.page.evaluate("""() => {
        window.said = [];
        new MutationObserver(() => window.said.push(document.querySelector('#announcements').textContent))
            .observe(document.querySelector('#announcements'), { childList: true, characterData: true, subtree: true });
    }""")
    visit.ask(PUZZLE)
    visit.ended()
    visit.until("window.said.join(' ').includes('Run finished')", "the end is said")
    said = visit.page.evaluate("window.said")
    expect(len(said) <= 6, f"said {len(said)} times")
    for words in ("Forked into 5 threads", "5 threads joined", "Answer: ((5 + 3) * 2) + 8"):
        expect(words in " ".join(said), f"{words!r} is not said: {said}")
    live = visit.page.evaluate("[...document.querySelectorAll('[aria-live], [role=status], [role=alert]')]"
                               ".filter((element) => element.querySelector('.text, .tokens') || element.closest('.lane')).length")
    equal(live, 0, "live regions around lanes")


def motion_can_be_reduced(browser: Browser, url: str):
    for motion, wanted in (("reduce", "none"), ("no-preference", "pulse")):
        visit = Visit(browser, url, reduced_motion=motion)
        visit.ask("slow " + PUZZLE)
        visit.page.wait_for_selector(".state[data-kind=thinking]")
        equal(visit.page.evaluate("getComputedStyle(document.querySelector('.state[data-kind=thinking]'), '::before').animationName"),
              wanted, f"animation with {motion}")
        visit.page.keyboard.press("Escape")
        visit.ended()
        visit.close()


def much_output_stays_fast(visit: Visit):
    page = visit.page
    page.evaluate("""() => {
        window.frames_seen = null;
        window.gaps = [];
        let last = performance.now();
        (function beat() {
            const now = performance.now();
            window.gaps.push(now - last);
            last = now;
            setTimeout(beat, 0);
        })();
    }""")
    began = time.monotonic()
    visit.ask("flood 64 5000")
    visit.ended(seconds=180)
    elapsed = time.monotonic() - began
    gaps = sorted(page.evaluate("window.gaps"))
    lengths = page.evaluate("[...document.querySelectorAll('.threads .text')].map((text) => text.textContent.length)")
    wanted = [sum(len(f"{start} + 0.{number} = ") + (start % 400 == 0) for start in range(0, 5000, 4))
              for number in range(1, 65)]
    equal(lengths, wanted, "texts are whole")
    nodes = page.evaluate("document.querySelectorAll('*').length")
    expect(nodes < 20_000, f"{nodes} elements")
    expect(gaps[-1] < 3000, f"the page stood still for {gaps[-1]:.0f} ms")
    print(f"      64 lanes x 5,000 tokens in {elapsed:.1f} s, {nodes} elements, longest standstill {gaps[-1]:.0f} ms, "
          f"99 % of pauses under {gaps[int(len(gaps) * 0.99)]:.0f} ms")


def events_are_read_wherever_bytes_are_cut(visit: Visit):
    stream = ("\ufeff: hello\r\nid: 1\r\nevent: token\r\ndata: {\"text\":\"\u00e4\U0001f9f6\"}\r\n\r\n"
              "id: 2\revent: a\rdata: one\rdata: two\r\r"
              "data:no space\nretry: 100\nunknown: x\ndata\n\n\nid\nevent: end\ndata: last\n\nid: 9\ndata: never ended")
    wanted = [{"id": "1", "type": "token", "data": "{\"text\":\"\u00e4\U0001f9f6\"}"},
              {"id": "2", "type": "a", "data": "one\ntwo"}, {"id": "2", "type": "message", "data": "no space\n"},
              {"id": "", "type": "end", "data": "last"}]
    wrong = visit.page.evaluate("""async ({ stream, wanted }) => {
        const { EventReader } = await import('/page/event-reader.js');
        const bytes = new TextEncoder().encode(stream);
        const wrong = [];
        const check = (cuts, what) => {
            const reader = new EventReader();
            const events = [];
            for (let index = 0; index < cuts.length - 1; index += 1) events.push(...reader.read(bytes.slice(cuts[index], cuts[index + 1])));
            if (JSON.stringify(events) !== JSON.stringify(wanted)) wrong.push([what, events]);
        };
        for (let cut = 0; cut <= bytes.length; cut += 1) check([0, cut, bytes.length], cut);
        check([...bytes.keys(), bytes.length], 'bytes');
        return wrong;
    }""", {"stream": stream, "wanted": wanted})
    equal(wrong[:1], [], "events")


def figures_are_those_of_the_record(visit: Visit):
    """Random trees, measured here and in the page."""
    random.seed(7)

    def line(identifier: str, outline: dict | None, depth: int) -> dict:
        steps = []
        for _ in range(random.randint(0, 4)):
            if depth < 3 and random.random() < 0.4:
                count = random.randint(1, 4)
                outlines = [{"number": number, "text": "", "after": random.sample(range(1, number), random.randint(0, number - 1))}
                            for number in range(1, count + 1)]
                steps.append({"fork": {"outlines": outlines, "outlineTokens": 0, "join": random.choice(["reprefill", "stitch"]),
                                       "threads": [line(f"{identifier}.{len(steps) * 10 + outline['number']}", outline, depth + 1)
                                                   for outline in outlines]}})
            else:
                steps.append({"segment": {"origin": random.choice(["model", "model", "seed", "joined"]), "text": "x",
                                          "tokenCount": random.randint(0, 50), "start": 0, "end": 1}})
        return {"id": identifier, "steps": steps, "outcome": {"kind": "finished"}, **({"outline": outline} if outline else {})}

    trees = [line("0", None, 0) for _ in range(300)]
    found = visit.page.evaluate("""async (trees) => {
        const { RunRecord } = await import('/page/run-record.js');
        const { measure } = await import('/page/critical-path.js');
        return trees.map((root) => {
            const record = RunRecord.stored({ id: 'run_x', status: 'finished', question: 'q', trajectory: { root, seconds: 1 } });
            const { total, critical, prefilled, forks, threads, hops } = measure(record.root);
            return [total, critical, prefilled, forks, threads, hops.reduce((sum, hop) => sum + hop.tokens, 0)];
        });
    }""", trees)
    for tree, figures in zip(trees, found):
        wanted = fake_gateway.measure(tree)
        equal(figures[:5], list(wanted[:5]), "total, critical, prefilled, forks, threads")
        equal(figures[5], wanted[1], "tokens along the critical path")


def fits_and_is_readable(browser: Browser, url: str, pictures: pathlib.Path):
    for width in (1280, 400, 320):
        for scheme in ("light", "dark"):
            visit = Visit(browser, url, width=width, color_scheme=scheme)
            picture = lambda name: visit.page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True, caret="initial")
            visit.page.evaluate("document.activeElement.blur()")
            visit.audit("start")
            picture("start")
            visit.ask("slow " + PUZZLE)
            visit.until("document.querySelectorAll('.threads .text').length >= 3", "threads", 30)
            visit.audit("live")
            picture("live")
            visit.page.keyboard.press("Escape")
            visit.ended()
            visit.audit("cancelled")
            visit.ask("nested " + PUZZLE, compare="sequential")
            visit.ended(2)
            visit.page.locator(".tree > summary").first.click()
            visit.audit("two runs")
            picture("compared")
            visit.page.select_option("#compare", "")
            visit.ask("hostile: " + "W" * 400 + " <img src=x onerror=xss()>")
            visit.ended()
            visit.audit("hostile")
            picture("hostile")
            visit.ask("refuse")
            visit.page.wait_for_selector("#ask-error:not([hidden])")
            visit.audit("refused")
            picture("refused")
            visit.allow("Failed to load resource")
            visit.close()


# Checks against `braid serve`


def the_real_model_answers(visit: Visit):
    for question in (PUZZLE, "What is 347 * 86?", EQUATIONS) * 3:
        visit.ask(question)
        visit.ended()
        if visit.growing_lanes() >= 2:
            break
    else:
        raise Failure("no two lanes grew before an answer, in nine questions")
    expect(visit.page.locator(".lane").count() >= 3, "no threads")
    visit.ask(PUZZLE)
    visit.ended()
    expect(len(visit.text(".answer-text")) > 4 and not visit.text(".answer-text").startswith("none"), "no answer")
    metrics = visit.runs()[0]["metrics"]
    row = visit.figures()[1]
    equal([row[1], row[2]], [str(metrics["total_tokens"]), str(metrics["critical_path_tokens"])], "figures")
    expect(f"= {metrics['critical_path_tokens']} of {metrics['total_tokens']} tokens" in visit.text(".chain"),
           f"the page's critical path is not the server's {metrics}: {visit.text('.chain')}")
    visit.audit("real run")


def real_runs_stay(visit: Visit):
    visit.ask("What is 27 + 58?")
    visit.ended()
    visit.ask(PUZZLE)
    visit.ended()
    live = visit.page.evaluate("[...document.querySelectorAll('.lane .text')].map((text) => text.textContent)")
    visit.page.reload()
    visit.until("document.querySelectorAll('.run').length === 1", "the run that the address names")
    stored = visit.page.evaluate("[...document.querySelectorAll('.lane .text')].map((text) => text.textContent)")
    equal(stored, live, "texts from the store")
    visit.page.fill("#search", "27 + 58")
    visit.until("document.querySelectorAll('.past-list li').length >= 1 && [...document.querySelectorAll('.past-question')]"
                ".every((question) => question.textContent === 'What is 27 + 58?')", "the match")
    visit.page.click(".past-list a")
    visit.until("document.querySelector('#runs-title').textContent === 'What is 27 + 58?'", "the past run")
    equal(visit.text(".answer-text"), "85", "its answer")
    visit.page.click(".tree > summary")
    expect("model" in visit.page.locator(".tree .origin").all_text_contents(), "no segment in the tree")
    with visit.page.expect_download() as download:
        visit.page.click(".actions a")
    expect("traceEvents" in json.loads(pathlib.Path(download.value.path()).read_text()), "the trace is not a trace")


def real_methods_compared(visit: Visit):
    visit.ask(EQUATIONS, compare="sequential")
    visit.ended(2)
    equal([row[0] for row in visit.figures()][1:], ["adaptive", "sequential", "first / second"], "rows")
    for row in visit.figures()[1:3]:
        expect(int(row[1].replace(",", "")) > 0, f"no tokens: {row}")


def a_real_run_is_cancelled(visit: Visit):
    """The engine behind takes a minute for a question with this word."""
    visit.ask("a slow question")
    visit.until("document.querySelector('.run')?.textContent.includes('3 4 5')", "words of an answer")
    visit.page.keyboard.press("Escape")
    visit.ended()
    status = visit.page.get_attribute(".run", "data-status")
    expect(status == "cancelled", f"the run is {status}")


def real_limits(visit: Visit):
    visit.page.fill("#max-total-tokens", "12")
    visit.ask(PUZZLE)
    visit.ended()
    expect(int(visit.figures()[1][1]) <= 12, f"more than 12 tokens: {visit.figures()}")
    visit.audit("cut short")


def real_page_fits(browser: Browser, url: str, pictures: pathlib.Path):
    for width in (1280, 400):
        for scheme in ("light", "dark"):
            visit = Visit(browser, url, width=width, color_scheme=scheme)
            visit.ask(EQUATIONS, compare="sequential")
            visit.ended(2)
            visit.audit("real runs")
            visit.page.screenshot(path=pictures / f"real-{width}-{scheme}.png", full_page=True, caret="initial")
            visit.close()


def post(url: str, question: str, method: str):
    """Runs a question to its end without a page."""
    body = json.dumps({"model": "braid-puzzles", "messages": [{"role": "user", "content": question}], "stream": True,
                       "braid": {"method": method}}).encode()
    request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"content-type": "application/json"})
    urllib.request.urlopen(request).read()


ON_FAKE = [lanes_grow_before_the_answer, threads_nest, a_past_run_shows_everything, cancelling,
           closing_the_page_ends_the_run, search_filters_and_paging, two_methods_side_by_side, hostile_texts, hostile_errors,
           hostile_addresses, a_lost_connection_is_taken_up_again, the_server_says_no, keyboard_alone,
           state_changes_are_said_and_tokens_are_not, much_output_stays_fast, events_are_read_wherever_bytes_are_cut,
           figures_are_those_of_the_record]
ON_REAL = [the_real_model_answers, real_runs_stay, real_methods_compared, real_limits]


class Runner:
    """Runs checks and counts what failed."""

    def __init__(self, only: str):
        self.only = only
        self.passed = self.failed = 0

    def run(self, name: str, body):
        if self.only not in name:
            return
        began = time.monotonic()
        try:
            body()
        except Exception as error:
            self.failed += 1
            print(f"FAIL  {name}: {error}", flush=True)
            if not isinstance(error, Failure):
                traceback.print_exc()
            return
        self.passed += 1
        print(f"ok    {name} ({time.monotonic() - began:.1f} s)", flush=True)

    def visit(self, check, browser: Browser, url: str):
        def body():
            visit = Visit(browser, url)
            try:
                check(visit)
            except BaseException:
                print(f"      complaints: {visit.complaints}")
                visit.context.close()
                raise
            visit.close()
        self.run(check.__name__, body)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", required=True, help="the browser")
    parser.add_argument("--braid", help="the braid program, built with its gateway")
    parser.add_argument("--pictures", type=pathlib.Path, required=True, help="where screenshots go")
    parser.add_argument("--only", default="", help="run only checks whose name has this in it")
    arguments = parser.parse_args()
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    runner = Runner(arguments.only)
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not work for root, which is what containers run as.
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=["--no-sandbox"])
        for check in ON_FAKE:
            with serving() as server:
                runner.visit(check, browser, server.url)
        runner.run("the_server_goes_away", lambda: the_server_goes_away(browser))
        runner.run("keys", lambda: keys(browser))
        with serving() as server:
            runner.run("motion_can_be_reduced", lambda: motion_can_be_reduced(browser, server.url))
            runner.run("fits_and_is_readable", lambda: fits_and_is_readable(browser, server.url, arguments.pictures))
        if arguments.braid:
            with tempfile.TemporaryDirectory() as folder:
                server = Server([arguments.braid, "serve", "--port", "0", "--store", f"{folder}/runs.sqlite"])
                try:
                    for check in ON_REAL:
                        runner.visit(check, browser, server.url)
                    runner.run("real_page_fits", lambda: real_page_fits(browser, server.url, arguments.pictures))
                finally:
                    server.stop()
            upstream = FakeUpstream()
            server = Server([arguments.braid, "serve", "--port", "0", "--no-store", "--engine", upstream.url, "--method", "sequential"])
            try:
                runner.visit(a_real_run_is_cancelled, browser, server.url)
            finally:
                server.stop()
                upstream.close()
        browser.close()
    print(f"{runner.passed} passed, {runner.failed} failed")
    sys.exit(1 if runner.failed or not runner.passed else 0)


if __name__ == "__main__":
    main()
