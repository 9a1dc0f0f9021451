"""The frame of a self-contained web page: its style, its head, and pictures carried inside it; it knows no run."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

from PIL import Image, ImageSequence

from mintage.watching.dots import DOTS_STYLE

__all__ = [
    "STYLE",
    "command",
    "definitions",
    "figure",
    "framed_table",
    "page",
    "picture",
    "picture_uri",
    "section",
    "table",
]

LARGEST_PICTURE = 3_000_000  # bytes that are carried as they are
LARGEST_SIDE, LARGEST_FILM_SIDE, MOST_FILM_FRAMES = 1600, 480, 60

# Nothing may be fetched, run or sent by this page; its pictures and its style are inside it.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

STYLE = (
    """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--edge:#e0e3e8;--ink:#1b1f24;--soft:#545d69;--accent:#0a6194;
--good:#1a6b3c;--good-bg:#e6f4ea;--warn:#8a4300;--warn-bg:#fdf0e2;--code:#eff1f4}
@media screen and (prefers-color-scheme:dark){:root{--bg:#131519;--card:#1b1e24;--edge:#2e323a;--ink:#e8eaed;
--soft:#a6aeb9;--accent:#7cc0f0;--good:#7fd6a2;--good-bg:#16291e;--warn:#f5b97b;--warn-bg:#2e2113;--code:#252930}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header,footer{max-width:1080px;margin:0 auto;padding:0 24px}
header{padding-top:48px}
h1{font-size:2.1rem;line-height:1.2;letter-spacing:-.02em;margin:0 0 12px}
h2{font-size:1.3rem;letter-spacing:-.01em;margin:0 0 14px}h3{font-size:1rem;margin:0 0 6px}
p{margin:0 0 12px;max-width:70ch}.lead{font-size:1.15rem;max-width:64ch;text-wrap:balance}
section{background:var(--card);border:1px solid var(--edge);border-radius:14px;padding:26px 28px;margin:24px 0}
.eyebrow{font-size:.85rem;color:var(--soft);margin:0 0 6px}
.figures{display:flex;flex-wrap:wrap;gap:14px 44px;margin:22px 0 0;padding:0;list-style:none}
.figures b{display:block;font-size:1.5rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
.figures span{font-size:.88rem;color:var(--soft)}
.pair{display:grid;gap:26px;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
figure{margin:0;min-width:0}figcaption{font-size:.92rem;color:var(--soft);margin-top:8px}
figcaption strong{color:var(--ink)}
.above{margin:0 0 8px}
img{max-width:100%;height:auto;display:block;border-radius:8px;background:var(--code)}
.whole{margin-top:30px}.whole figure{width:fit-content;margin:0 auto}.whole img{max-height:92vh;width:auto}
.note{border-left:4px solid var(--good);background:var(--good-bg);border-radius:0 8px 8px 0;
padding:12px 18px;margin:0 0 16px}
.note p{margin:0}.note p+p{margin-top:6px}.note h3{color:var(--good)}
.note.alarm{border-color:var(--warn);background:var(--warn-bg)}.note.alarm h3{color:var(--warn)}
ul.plain{margin:0;padding-left:1.2em;max-width:74ch}ul.plain li{margin:4px 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:8px 18px 8px 0;border-bottom:1px solid var(--edge);vertical-align:top}
th{font-size:.85rem;color:var(--soft);font-weight:600}tbody th{color:var(--ink);font-size:1rem}
.wide{overflow-x:auto}
caption{text-align:left;font-size:.85rem;color:var(--soft);padding-bottom:6px}
ul.told{font-size:1.08rem;margin:0 0 18px}ul.told li{margin:8px 0}
.scores td,.scores th{padding:12px 18px 12px 0}.scores td{white-space:nowrap}.scores th[scope=row]{min-width:17em}
.scores td:nth-last-child(-n+2){white-space:normal;min-width:7em}.scores td:nth-last-child(2){min-width:11em}
.scores td b{font-size:1.15rem}
.words{display:block;font-size:.88rem;font-weight:400;color:var(--soft);max-width:44ch}p.wide{max-width:none}
dl{display:grid;grid-template-columns:minmax(9em,max-content) 1fr;gap:6px 24px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
code,pre{font:.9rem/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--code);border-radius:8px;padding:12px 16px;margin:0 0 14px;overflow-x:auto}
pre.copy{user-select:all;-webkit-user-select:all}
:not(pre)>code{background:var(--code);padding:1px 5px;border-radius:4px;overflow-wrap:anywhere}
details{margin-top:14px}summary{cursor:pointer;font-weight:600;color:var(--accent)}details>*+*{margin-top:12px}section>h3{margin-top:22px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
footer{color:var(--soft);font-size:.9rem;padding-bottom:48px}
@media(max-width:600px){section{padding:20px 18px}main,header,footer{padding-left:14px;padding-right:14px}
h1{font-size:1.7rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{body{background:#fff;font-size:11pt}section{border:0;padding:0;margin:18pt 0;break-inside:avoid-page}
.film{display:none}header{padding-top:0}pre{white-space:pre-wrap}figure{break-inside:avoid}
.pair{grid-template-columns:1fr 1fr}}
"""
    + DOTS_STYLE
)


def page(title: str, header: str, sections: list[str], footer: str) -> str:
    """A whole page; title is plain text, the rest is HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>{header}</header>\n"
        f"<main>\n{chr(10).join(sections)}\n</main>\n<footer>{footer}</footer>\n</body>\n</html>\n"
    )


def section(name: str, heading: str, *parts: str) -> str:
    """A titled part of the page that a reader of screens can jump to; empty without parts."""
    body = "".join(parts)
    if not body:
        return ""
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(heading)}</h2>{body}</section>'


def table(heads: list[str], rows: list[list[str]], caption: str) -> str:
    """A table of plain texts whose first column names the rows."""
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(text)}</td>" for text in row[1:]) + "</tr>"
        for row in rows
    )
    return framed_table(heads, body, caption)


def framed_table(heads: list[str], body: str, caption: str, kind: str = "") -> str:
    """A table of HTML rows; where it is too wide, it scrolls alone, by keys as well."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    inside = f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    frame = f'<div class="wide" role="region" aria-label="{escape(caption)}" tabindex="0">'
    return f'{frame}<table class="{kind}">{inside}</table></div>'


def definitions(pairs: list[tuple[str, str]]) -> str:
    """Names and what stands behind them, both plain texts."""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs) + "</dl>"


def command(text: str, why: str) -> str:
    """A command line that one click selects, and what it is for."""
    return f'<h3>{escape(why)}</h3><pre class="copy"><code>{escape(text)}</code></pre>'


def figure(inside: str, name: str, words: str, kind: str = "") -> str:
    """HTML with a caption under it, of plain texts."""
    caption = f"<figcaption><strong>{escape(name)}.</strong> {escape(words)}</figcaption>"
    return f'<figure class="{kind}">{inside}{caption}</figure>'


def picture(path: Path, alternative: str) -> str:
    """The picture inside the page, with a text for those who do not see it."""
    with Image.open(path) as image:
        width, height = image.size
    return f'<img src="{picture_uri(path)}" width="{width}" height="{height}" alt="{escape(alternative)}">'


def picture_uri(path: Path) -> str:
    """The picture as a data address; one of more than 3 MB is compressed again, and a film thinned."""
    data, kind = path.read_bytes(), path.suffix.lower().lstrip(".")
    if len(data) > LARGEST_PICTURE:
        data, kind = _smaller(path), "webp"
    kind = {"jpg": "jpeg"}.get(kind, kind)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _smaller(path: Path) -> bytes:
    out = io.BytesIO()
    with Image.open(path) as image:
        count = getattr(image, "n_frames", 1)
        if count == 1:
            still = image.convert("RGB")
            still.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
            still.save(out, "WEBP", quality=85)
            return out.getvalue()
        frames: list[Image.Image] = []
        stays: list[int] = []
        every = -(-count // MOST_FILM_FRAMES)
        for index, frame in enumerate(ImageSequence.Iterator(image)):
            stay = int(frame.info.get("duration", 80))
            if index % every == 0 or index == count - 1:
                small = frame.convert("RGB")
                small.thumbnail((LARGEST_FILM_SIDE, LARGEST_FILM_SIDE), Image.Resampling.LANCZOS)
                frames.append(small)
                stays.append(stay)
            else:
                stays[-1] += stay
        frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=stays, loop=0, quality=60)
    return out.getvalue()
