"""The choices of knobs that a sizing compared, as a table and in a sentence."""

from analyzer.advise.sized import Alternative, CapacityAdvice
from analyzer.report.blocks import Column, Table, words
from analyzer.report.numbers import money, plural, rate, share, whole

CAPTION = (
    "What else was tried, each with the replicas that carry the load together, a spare one among them, and what these"
    " cost. Of those with the fewest GPUs, the ones that take the fewest if steps are slower by the error of their"
    " source come first, then those with most headroom (what their replicas carry beyond the"
    " peak by what one carries alone), then the fewest GPUs in a replica. Up to 6 % count as no difference, as it is"
    " within the error of any model."
)


def alternatives(advice: CapacityAdvice) -> Table:
    """All choices of knobs with what they carry and why they were taken or not."""
    heads = (
        Column("tp", numeric=False),
        Column("pp"),
        Column("requests at once"),
        Column("tokens a step"),
        Column("req/s a replica"),
        Column("req/s a GPU"),
        Column("replicas"),
        Column("GPUs"),
        Column("an hour"),
        Column("headroom"),
        Column("GPUs if steps are slower by the error"),
        Column("verdict", numeric=False),
    )
    rows = tuple(
        (
            words(whole(one.tp)),
            words(whole(one.pp)),
            words(whole(one.max_num_seqs) if one.max_num_seqs else "–"),
            words(whole(one.max_num_batched_tokens) if one.max_num_batched_tokens else "–"),
            words(_known(one.rps_per_replica)),
            words(_known(one.rps_per_gpu)),
            words("–" if one.replicas is None else whole(one.replicas)),
            words("–" if one.gpus is None else whole(one.gpus)),
            words("–" if one.cost_per_hour is None else money(one.cost_per_hour)),
            words("–" if one.headroom is None else share(one.headroom)),
            words(_if_slower(one)),
            words(one.verdict),
        )
        for one in advice.alternatives
    )
    return Table(CAPTION, heads, rows)


def sturdier(advice: CapacityAdvice) -> str:
    """The choice that takes the fewest GPUs of those that keep the objectives with slower steps; empty without any."""
    able = [(one.gpus_if_slower, one) for one in advice.alternatives if one.gpus_if_slower is not None]
    if not able:
        return ""
    gpus, one = min(able, key=lambda pair: (pair[0], pair[1].tp * pair[1].pp))
    return f" With tp {one.tp} and pp {one.pp} they would be kept even then, with {plural(gpus, 'GPU')}."


def _if_slower(one: Alternative) -> str:
    if one.gpus_if_slower is not None:
        return whole(one.gpus_if_slower)
    return "–" if one.gpus is None else "out of reach"


def _known(value: float | None) -> str:
    return "–" if value is None else rate(value)
