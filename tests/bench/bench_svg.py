"""Charts of bars as SVG, written by hand: nothing is needed to make them."""

import dataclasses
from html import escape

COLOURS = {"baseline": "#8a939e", "gateway": "#1a7f5a", "peer": "#4c78b5",
           "store": "#e0a458"}
WIDTH, LEFT, RIGHT = 960, 190, 310
BAR, GAP, TOP = 18, 8, 66


@dataclasses.dataclass(frozen=True)
class Bar:
    label: str
    value: float
    group: str              # a key of COLOURS
    note: str = ""          # beside the figure
    extra: float = 0        # what a store adds to the value


def chart(title, caption, sections, together=True):
    """sections are (heading, bars); the SVG as text.

    With one scale for all, or with together=False one for each section.
    """
    scale = scale_of([bar for _, bars in sections for bar in bars])
    parts, y = [], TOP
    for heading, bars in sections:
        if not together:
            scale = scale_of(bars)
        parts.append(text(16, y + 14, heading, weight="bold"))
        y += BAR + GAP
        for bar in bars:
            parts += _bar(bar, y, scale)
            y += BAR + GAP
        y += GAP
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{y + GAP}" viewBox="0 0 {WIDTH} {y + GAP}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{y + GAP}" fill="#ffffff"/>',
        text(16, 26, title, weight="bold", size=16),
        text(16, 46, caption, colour="#57606a", size=11),
        *parts, "</svg>", ""])


def scale_of(bars):
    """Pixels of a unit."""
    longest = max(bar.value + bar.extra for bar in bars) or 1
    return (WIDTH - LEFT - RIGHT) / longest


def _bar(bar, y, scale):
    length = max(bar.value * scale, 1)
    end = LEFT + length
    yield text(LEFT - 8, y + 13, bar.label, anchor="end")
    yield rectangle(LEFT, y, length, COLOURS[bar.group])
    figure = f"{bar.value:.2f}"
    if bar.extra:
        yield rectangle(end, y, bar.extra * scale, COLOURS["store"])
        end += bar.extra * scale
        figure += f" + {bar.extra:.2f}"
    if bar.note:
        figure += f" · {bar.note}"
    yield text(end + 6, y + 13, figure)


def rectangle(x, y, width, colour):
    return (f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" '
            f'fill="{colour}"/>')


def text(x, y, words, anchor="start", weight="normal", colour="#1f2328",
         size=12):
    return (f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" '
            f'font-weight="{weight}" font-size="{size}" fill="{colour}">'
            f'{escape(words)}</text>')


def comparison(rows, caption):
    """The chart of script/bench."""
    headings = {"gateway": "The gateway", "peer": "Peers",
                "baseline": "Baselines"}
    sections = [(heading, [_compared(row) for row in rows
                           if row["group"] == group])
                for group, heading in headings.items()]
    return chart("Worker CPU of a request, in microseconds (orange: the "
                 "store's)", caption,
                 [section for section in sections if section[1]])


def _compared(row):
    note = ""
    if row.get("ratio") is not None:
        note = f"{row['ratio']:.2f} x {row['baseline']}"
    if row.get("limit") is not None:
        note += f" (goal {row['limit']:.2f})"
    return Bar(row["name"], row["cpu"], row["group"], note,
               row.get("store_cpu") or 0)
