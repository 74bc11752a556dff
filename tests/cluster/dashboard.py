"""dashboard.py URL FOLDER [COMMAND...]: clicks through a dashboard as a person would, and keeps pictures of it in FOLDER.

Prints "ok - " and "not ok - " lines, as tests/support/say.sh has them. COMMAND ends the cluster; what the page says then is
looked at last.
"""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from browser import Browser  # noqa: E402

url, folder, end_cluster = sys.argv[1], sys.argv[2], sys.argv[3:]
place = urllib.parse.urlsplit(url)
failures = 0


def check(sentence, test):
    global failures
    try:
        test()
        print(f"ok - {sentence}", flush=True)
    except Exception as error:  # whatever it was, the next ones are tried as well
        failures += 1
        print(f"not ok - {sentence}\n  | {type(error).__name__}: {error}", flush=True)


def expect(value, wanted):
    assert value == wanted, f"{value!r}, not {wanted!r}"


# ----------------------------------------------------------------------------- without a browser

def status_of(path, method="GET", **fields):
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": f"127.0.0.1:{place.port}", **{key.replace("_", "-"): value for key, value in fields.items()}}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def say(raw):
    """What comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", place.port), timeout=20) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer
        except OSError:  # it was closed before all was said
            return b""


kMalformed = [
    b"", b"\r\n\r\n", b"\0" * 4096, b"GET", b"GET /", b"GET / HTTP/1.1", b"GET / HTTP/9.9\r\n\r\n", b"G\0T / HTTP/1.1\r\n\r\n",
    b"GET " + b"/" * 100000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: " + b"a" * 100000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n", b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    b"GET /%00%ff%2e%2e/%zz?%=%&&&=%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET http://reef.example/ HTTP/1.1\r\nHost: reef.example\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n" + b"x" * 100000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /?" + b"a=b&" * 5000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
]


def malformed_harms_nobody():
    for raw in kMalformed:
        answer = say(raw)
        assert answer == b"" or re.match(rb"HTTP/1\.[01] [45]\d\d ", answer), (raw[:60], answer[:200])
        expect(status_of("/"), 403)


def silent_ones_hold_nobody_up():
    idle = [socket.create_connection(("127.0.0.1", place.port), timeout=20) for _ in range(100)]
    try:
        for each in idle:
            each.sendall(b"GET / HT")
        began = time.monotonic()
        expect(status_of("/"), 403)  # once the server has given up those
        assert time.monotonic() - began < 40
    finally:
        for each in idle:
            each.close()


def strangers_see_nothing():
    for path in ("/", "/style.css", "/api/summary", "/?token=" + "0" * 64, "/?token="):
        expect(status_of(path), 403)
    expect(status_of(place.path + "?" + place.query, Host="reef.example"), 403)
    expect(status_of(place.path + "?" + place.query, method="POST"), 403)


# ----------------------------------------------------------------------------- in the browser

browser = Browser()


def shows(*words, seconds=30):
    for each in words:
        browser.wait(f"the page shows {each!r}", f"document.body.innerText.includes({each!r})", seconds)


def go(tab):
    browser.click("#tabs a", tab)
    browser.wait(f"{tab} is the view", f"document.querySelector('#tabs [aria-current]').innerText === {tab!r}")


def enters():
    browser.size(1280)
    browser.open(url)
    browser.wait("the page is live", "document.getElementById('age')?.innerText === 'live'")
    assert "token" not in browser.run("location.href")


def token_is_void():
    expect(status_of(place.path + "?" + place.query), 403)


def cookie_is_careful():
    cookie, = (each for each in browser.call("Network.getAllCookies")["cookies"] if each["name"] == "atoll")
    expect((cookie["httpOnly"], cookie["sameSite"], cookie["path"]), (True, "Strict", browser.run("location.pathname")))
    value, room = "atoll=" + cookie["value"], cookie["path"]
    expect(status_of(room + "api/summary", Cookie=value), 200)
    expect(status_of(room + "api/summary", Cookie=value, Host="reef.example"), 403)
    expect(status_of(room + "api/summary", Cookie=value, Sec_Fetch_Site="same-site"), 403)
    expect(status_of(room + "api/summary", Cookie=value, method="POST"), 405)
    expect(status_of(room + "api/summary", Cookie="atoll=" + "0" * 64), 403)
    expect(status_of(room + "api/list?kind=fish", Cookie=value), 400)
    expect(status_of(room + "../" * 9 + "etc/passwd", Cookie=value), 404)
    expect(status_of(room + "etc/passwd", Cookie=value), 404)


def overview():
    shows("n1", "n2", "GPUs used", "group train", "group eval", "group kept free", "actor Trainer")
    browser.wait("islands are drawn", "document.querySelectorAll('.machine').length === 2")
    browser.wait("a DGX-1 has its 16 links", "document.querySelectorAll('[data-node=n1] .link').length === 16")
    browser.wait("an HGX has a hub", "document.querySelectorAll('[data-node=n2] .hub').length === 1")
    browser.wait("bundles have GPUs, those without an actor look otherwise",
                 "document.querySelectorAll('.machine rect.reserved').length === 2 && document.querySelectorAll('.machine .sign').length >= 9")


def groups():
    go("Groups")
    shows("train", "4 of 4 bundles placed", "never", "infeasible", "1000 cpu")
    browser.click(".tools button", "infeasible")
    browser.wait("one is left", "document.querySelectorAll('article.block').length === 1")


def actors():
    go("Actors")
    shows("<b>bold</b>", "fragile", "dead", "waiting", "pending")
    expect(browser.run("document.querySelectorAll('main b b, td > b').length"), 0)
    browser.click("th button", "name")
    browser.wait("they are in order", "document.querySelector('th[aria-sort=ascending]')?.innerText.startsWith('name')")


def filters():
    browser.click("#filter")
    browser.type("state=dead")
    browser.press("Enter")
    browser.wait("the dead one is left", "document.querySelectorAll('tbody tr').length === 1")
    browser.click("#filter")
    browser.run("document.getElementById('filter').select()")
    browser.type("colour=red")
    browser.press("Enter")
    shows('actors have no "colour"')
    browser.click(".tools button", "all")
    browser.wait("all are there again", "document.querySelectorAll('tbody tr').length >= 10")


def explains():
    browser.click("td button.id")
    browser.wait("it is explained", "/actor Trainer/.test(document.getElementById('explain-body').innerText)")
    browser.press("Escape")
    browser.wait("it is closed", "!document.getElementById('explain').open")
    browser.click("#ask-id")
    browser.type("waiting")
    browser.press("Enter")
    browser.wait("the next step is named", "/pending[^]*next/.test(document.getElementById('explain-body').innerText)")
    browser.screenshot(f"{folder}/explain-1280.png")
    browser.click("#explain form button")
    browser.click("#ask-id")
    browser.run("document.getElementById('ask-id').select()")
    browser.type("abcdef-99")
    browser.press("Enter")
    browser.wait("nothing is known of it", "/nothing is known of/.test(document.getElementById('explain-body').innerText)")
    browser.press("Escape")


def keyboard_stays():
    go("Actors")
    browser.wait("rows are there", "document.querySelectorAll('tbody tr').length >= 10")
    browser.run("document.querySelector('tbody button.id').focus()")
    focused = browser.run("document.activeElement.dataset.explain")
    before = browser.run("performance.getEntriesByType('resource').filter((e) => e.name.includes('kind=actors')).length")
    browser.wait("it was asked again twice", f"performance.getEntriesByType('resource').filter((e) => e.name.includes('kind=actors')).length >= {before} + 2")
    expect(browser.run("document.activeElement.dataset.explain"), focused)
    browser.press("Enter")
    browser.wait("Enter explains", "document.getElementById('explain').open")
    browser.press("Escape")


def tasks():
    go("Tasks")
    shows("running or sent", "finished", "stay", "queued")
    browser.wait("lines are drawn", "document.querySelectorAll('polyline').length === 5 && document.querySelector('polyline').getAttribute('points').split(' ').length > 2")
    browser.wait("some are finished each second", "Number(document.querySelector('figure:nth-child(2) .key b').innerText) > 0")
    browser.click(".tools button", "failed")
    shows("a reef in the way")


def others():
    go("Workers")
    shows("actor Trainer", "working")
    go("Objects")
    shows("4 MiB", "held")
    go("Drivers")
    shows("tests/cluster/dashboard")
    go("Trouble")
    shows("Actors that died", "fragile", "Groups without a place", "never", "Actors that wait", "a reef in the way", "Workers wanted, and no room")


def logs():
    go("Logs")
    shows("Trainer", "atolld", "head")
    browser.click("#whose")
    browser.type("Trainer")
    browser.press("Enter")
    browser.wait("eight are of that class", "document.querySelectorAll('tbody tr').length === 8")
    browser.click("tbody tr:last-child [data-log]")
    browser.wait("its last lines are there", "document.querySelector('#log pre').innerText.trim() === 'loaded 524288 weights'")
    browser.click("#whose")
    browser.run("document.getElementById('whose').select()")
    browser.type("nobody")
    browser.press("Enter")
    browser.wait("nobody has printed nothing", "document.querySelector('.pages').innerText === 'none'")


kTabs = ("Overview", "Groups", "Actors", "Tasks", "Workers", "Objects", "Logs", "Drivers", "Trouble")


def pictures():
    browser.run("document.getElementById('ask-id').value = ''")
    for scheme, width, tabs in (("light", 1280, kTabs), ("light", 390, kTabs), ("dark", 1280, ("Overview", "Tasks"))):
        browser.colours(scheme)
        browser.size(width)
        for tab in tabs:
            go(tab)
            browser.wait("there is something", "document.querySelector('article, tbody tr, section.block') !== null")
            browser.wait("it is live", "document.getElementById('age').innerText === 'live'")
            wide = browser.run("document.documentElement.scrollWidth")
            assert wide <= width, f"{tab} is {wide} wide on a screen of {width}"
            browser.screenshot(f"{folder}/{tab.lower()}-{width}-{scheme}.png")
    browser.size(1280)
    browser.colours("light")


def only_asks_its_own():
    strange = [each for each in browser.requests if not each.startswith((f"http://127.0.0.1:{place.port}/", "data:"))]
    expect(strange, [])
    errors = [each for each in browser.errors if "status of 400" not in each and "status of 404" not in each]  # asked for above
    expect(errors, [])


def outside_is_out_of_reach():
    """What the page's script might be made to do, its policy forbids."""
    answer = browser.run("fetch('http://127.0.0.1:9/').then(() => 'asked', (e) => String(e))")
    assert answer != "asked", answer
    end = time.monotonic() + 10
    while not any("Content Security Policy" in each for each in browser.errors):
        assert time.monotonic() < end, browser.errors
        browser.run("1")  # reads what the browser has to say


def end():
    subprocess.run(end_cluster, check=True)
    shows("The cluster has ended. What is shown is the last that was known of it.", "n1", seconds=60)
    browser.wait("its age is told", "/ old$/.test(document.getElementById('age').innerText)")
    browser.screenshot(f"{folder}/ended-1280.png")


try:
    check("without the token nothing is seen, and a foreign Host is refused", strangers_see_nothing)
    check("malformed requests harm nobody", malformed_harms_nobody)
    check("a hundred silent connections hold nobody up for long", silent_ones_hold_nobody_up)
    check("the link opens the page", enters)
    check("and opens it once", token_is_void)
    check("the cookie is for this page alone, and only reads", cookie_is_careful)
    check("the overview draws islands and who has the GPUs", overview)
    check("groups and their bundles", groups)
    check("actors; names are words and not markup; a click puts them in order", actors)
    check("filters, and what is wrong with one", filters)
    check("a click on an id explains it, and so does the field above", explains)
    check("the keyboard's place stays while the page is brought up to date", keyboard_stays)
    check("tasks, and their number over time", tasks)
    check("workers, objects, drivers and what is not well", others)
    check("logs, whose they are, and the last lines of one", logs)
    check("every view fits a screen of 1280 and of 390, light and dark", pictures)
    check("nothing is asked of anybody else, and nothing goes wrong in the page", only_asks_its_own)
    check("its policy lets the page reach nobody else", outside_is_out_of_reach)
    if end_cluster:
        check("the page says that the cluster has ended, and how old what it shows is", end)
finally:
    browser.close()
sys.exit(failures > 0)
