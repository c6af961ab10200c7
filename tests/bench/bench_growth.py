"""Whether figures grew over a run.

Pure: samples in, verdicts out.
"""

import dataclasses

# What may come and go without being a leak.
KILOBYTES = 512             # of all workers
SHARE = 0.02                # of what a zone holds
BLOCKS = 64


@dataclasses.dataclass(frozen=True)
class Growth:
    figure: str
    before: float
    after: float
    growth: float
    limit: float = None     # None: told, not judged

    @property
    def within(self):
        return None if self.limit is None else self.growth <= self.limit


def judge(samples):
    """A Growth for each figure of the samples, which are in order.

    What grows by little and little is higher in all of the last third than
    it was in any of the first; what comes and goes is not.
    """
    third = max(1, len(samples) // 3)
    return [_judge(figure, [sample[figure] for sample in samples], third)
            for figure in samples[0]]


def _judge(figure, values, third):
    first, last = values[:third], values[-third:]
    growth = (min(last) - max(first) if not shrinks(figure)
              else min(first) - max(last))
    return Growth(figure, values[0], values[-1], growth,
                  limit_of(figure, values[0]))


def shrinks(figure):
    """Whether growth shows in it as less: what is free."""
    return "free" in figure


def limit_of(figure, before):
    if figure == "files":
        return 0
    if figure == "private_kb":
        return KILOBYTES
    if "zone" in figure or "block" in figure:
        return max(SHARE * before, BLOCKS)
    return None


def gauges(page):
    """What the metrics page (as JSON) tells of the zone: {name: value}."""
    return {name: value for name, value in flatten(page)
            if ("zone" in name or "block" in name)
            and not name.partition(".")[0].endswith("_total")}


def flatten(tree, prefix=""):
    """The leaves of a tree of dicts, with joined names."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
