"""The page of a catalogue: what comes from files is data in it; in a browser it holds ten thousand clips."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.catalogue.catalogue import Catalogue
from core.catalogue.facts import of_result
from core.catalogue.journal import Journal
from core.catalogue.page.page import script_json, write_page
from core.errors import FileError
from tests.core.catalogue.many_clips import many_clips
from tests.core.catalogue.results import put, walk, worse

EVIL = "</script><img src=x onerror='document.title=1'><!--"
MOST_BYTES = 30_000_000


def page_of(folder: Path, pictures: dict[int, str] | None = None, **options: Any) -> str:
    """The page of all clips, written into the folder."""
    with Catalogue(folder) as catalogue:
        catalogue.refresh()
        write_page(folder / "report.html", catalogue, catalogue.ids(), pictures or {}, **options)
    return (folder / "report.html").read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, Any]:
    """What is in it."""
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_texts_of_files_are_no_markup(tmp_path: Path) -> None:
    folder = tmp_path / "<b>&amp;"
    name = EVIL.replace("/", "\u2215") + "_stageii.npz"
    path = put(folder, name, worse(walk(), 7, 60.0), failure=EVIL, source_name=EVIL)
    with Journal(folder) as journal:
        journal.failed(folder / "b_stageii.npz", None, EVIL, 0.1)
    page = page_of(folder, told=[EVIL])
    assert page.count("<script") == 2
    assert page.count("<!--") == 0
    assert "<img" not in page
    assert "<title>&lt;b&gt;&amp;amp; · Refit report</title>" in page
    data = data_of(page)
    assert path.name in data["rows"]["output"]
    assert EVIL in data["texts"]
    assert data["told"] == [EVIL]


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028", "&lt;", '"'])
def test_json_in_a_script_ends_none(text: str) -> None:
    written = script_json({text: [text]})
    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {text: [text]}


def test_nothing_is_asked_of_a_network(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz")
    page = page_of(tmp_path)
    assert "default-src 'none'" in page
    assert re.findall(r"""(?:src|href)\s*=\s*["']?(?!data)[^"'>]*""", page.partition("<script")[0]) == []
    urls = set(re.findall(r"https?://[^\s\"'`<]*", page))
    assert urls == {"http://www.w3.org/2000/svg"}


def test_a_private_page_names_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secret" / "out"
    with Journal(folder) as journal:
        path = put(folder, "a_stageii.npz")
        journal.done(path, of_result("a_stageii.npz", walk()), 1.0)
    assert data_of(page_of(folder))["folder"] == str(folder)
    page = page_of(folder, private=True)
    assert "secret" not in page
    assert "motions/" not in page
    assert "walk_poses.npz" in page


def test_only_an_earlier_page_is_written_over(tmp_path: Path) -> None:
    put(tmp_path, "a_stageii.npz")
    page_of(tmp_path)
    page_of(tmp_path)
    (tmp_path / "report.html").write_text("<!doctype html><p>mine")
    with pytest.raises(FileError, match="--page"):
        page_of(tmp_path)
    assert (tmp_path / "report.html").read_text() == "<!doctype html><p>mine"


# In a browser.

PROBE = """
<script>
window.addEventListener("load", () => {
  const all = (what) => [...document.querySelectorAll(what)];
  const one = (what) => document.querySelector(what);
  const seen = () => ({ rows: all(".row").length, said: one("[aria-live]").textContent,
    first: all(".row > :nth-child(2)")[0] && all(".row > :nth-child(2)")[0].title });
  const after = () => new Promise((go) => setTimeout(go, 200));
  (async () => {
    const told = { start: seen() };
    one(".scroll").scrollTop = 5000 * 34;
    one(".scroll").dispatchEvent(new Event("scroll"));
    await after();
    told.scrolled = { ...seen(), at: all(".row")[0].getAttribute("aria-rowindex") };
    const search = one("input");
    search.value = "guessed UP axis";
    search.dispatchEvent(new Event("input"));
    told.guessed = seen();
    search.value = "";
    search.dispatchEvent(new Event("input"));
    all("button.line").find((line) => line.textContent.startsWith("off")).click();
    told.off = seen();
    all(".row")[0].click();
    told.command = one("code").textContent;
    told.detail = one("aside").textContent;
    all(".tools .chip")[0].click();
    [...one(".head").querySelectorAll("button")].find((b) => b.textContent === "clip").click();
    told.sorted = seen();
    told.pictures = all("figure img").length;
    told.bars = all("rect.bar").length;
    told.title = document.title;
    told.markup = all("img[onerror]").length;
    document.body.append(Object.assign(document.createElement("pre"), { id: "told",
      textContent: JSON.stringify(told) }));
  })().catch((error) => document.body.append(Object.assign(document.createElement("pre"), { id: "told",
    textContent: JSON.stringify({ error: String(error) }) })));
});
</script>
"""


def browsed(page: str, folder: Path) -> dict[str, Any]:
    """What the probe sees of a page in a browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium")
    probed = folder / "probed.html"
    # The probe is none of the page's own scripts, which alone may run.
    text = re.sub(r"script-src '[^']*'", "script-src 'unsafe-inline'", page).replace(
        "</body>", PROBE + "</body>"
    )
    probed.write_text(text, encoding="utf-8")
    words = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,1000")
    more = (f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=20000", "--dump-dom")
    done = subprocess.run(
        [chromium, *words, *more, probed.as_uri()], capture_output=True, text=True, timeout=240
    )
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


@pytest.mark.slow
def test_ten_thousand_clips_are_looked_through_in_a_browser(tmp_path: Path) -> None:
    many_clips(tmp_path, 10_000)
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh()
        worst = catalogue.ids(["mean!="])[:200]
        guessed, off = len(catalogue.ids(["guessed=up axis"])), len(catalogue.ids(["kind=off"]))
        (first,) = catalogue.clips(catalogue.ids(["kind=off"])[:1])
        listed = [one.output for one in catalogue.clips(catalogue.ids(sort=["output"])[:1])]
    picture = "data:image/jpeg;base64," + "A" * 26_000
    page = page_of(tmp_path, dict.fromkeys(worst, picture))
    assert len(page.encode()) < MOST_BYTES
    told = browsed(page, tmp_path)
    assert told["start"]["said"] == "10,000 clips"
    assert told["guessed"]["said"] == f"{guessed} of 10,000 clips"
    assert told["off"]["said"] == f"{off} of 10,000 clips"
    assert told["off"]["first"] == first.output
    assert told["command"] == f"refit {tmp_path / first.output} --frame {first.worst}"
    assert told["sorted"]["first"] == listed[0]
    assert told["pictures"] == 200
    assert told["bars"] == 40
    # Rows that are not to be seen are not there.
    assert all(told[name]["rows"] < 60 for name in ("start", "scrolled", "guessed", "off", "sorted"))
    assert int(told["scrolled"]["at"]) > 4900


@pytest.mark.slow
def test_names_run_nothing_in_a_browser(tmp_path: Path) -> None:
    name = "off " + EVIL.replace("/", "\u2215") + "$(reboot)_stageii.npz"
    put(tmp_path, name, worse(walk(), 7, 60.0), source_name=EVIL)
    told = browsed(page_of(tmp_path, told=[EVIL]), tmp_path)
    assert told["markup"] == 0
    assert told["title"].endswith("Refit report")
    assert told["start"]["first"] == name
    place = str(tmp_path / name).replace("'", "'\"'\"'")
    assert told["command"] == f"refit '{place}' --frame 7"
