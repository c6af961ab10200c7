"""From samples to figures: medians over rounds, ratios within rounds."""

from statistics import median, quantiles


def quartiles(values):
    if len(values) == 1:
        return [values[0], values[0]]
    cuts = quantiles(values, n=4, method="inclusive")
    return [cuts[0], cuts[2]]


def medians(samples):
    """The median of each figure."""
    return {figure: median(sample[figure] for sample in samples)
            for figure in samples[0]}


def ratio(rounds, name, baseline, figure="cpu"):
    """(median, quartiles) of a figure over its baseline's in each round.

    Both were measured within seconds of each other, so that what else the
    machine does meanwhile weighs on both.
    """
    ratios = [samples[name][figure] / samples[baseline][figure]
              for samples in rounds]
    return median(ratios), quartiles(ratios)


def summarize(scenarios, rounds):
    """One row for each scenario; rounds are {name: sample} each."""
    return [_row(scenario, rounds) for scenario in scenarios]


def _row(scenario, rounds):
    row = {"name": scenario.name, "group": scenario.group,
           "baseline": scenario.baseline, "limit": scenario.limit,
           "store": scenario.store, "store_limit": scenario.store_limit,
           **medians([samples[scenario.name] for samples in rounds])}
    if scenario.baseline:
        row["ratio"], row["ratio_quartiles"] = ratio(
            rounds, scenario.name, scenario.baseline)
    if scenario.also:
        row["also"] = scenario.also
        row["also_ratio"], _ = ratio(rounds, scenario.name, scenario.also)
    row["met"] = met(row)
    return row


def met(row):
    """Whether it keeps its limits; None when it has none."""
    kept = [row[figure] <= row[limit]
            for figure, limit in (("ratio", "limit"),
                                  ("store_cpu", "store_limit"))
            if row.get(limit) is not None]
    return all(kept) if kept else None
