"""Tables of step times that follow a formula, in the place of NVIDIA's."""

from analyzer.engine import StepTimes


class FormulaTables:
    """Answers as the tables of a package would, by `times`; `factor` slows everything down."""

    def __init__(self, times: StepTimes, factor: float = 1.0) -> None:
        self.times = times
        self.factor = factor

    def predict_prefill_latency(self, bs: int, isl: int, prefix: int = 0) -> float:
        return self.factor * bs * self.times.prefill_ms(isl, prefix)

    def decode_step_latency(self, gen_tokens: int, isl: int, osl: int) -> float:
        return self.factor * self.times.decode_ms(gen_tokens, gen_tokens * (isl + osl / 2))

    def mixed_step_latency(self, ctx_tokens: int, gen_tokens: int, isl: int, osl: int, prefix: int = 0) -> float:
        span = ctx_tokens * (ctx_tokens + 2 * prefix)
        kv_tokens = gen_tokens * (isl + osl / 2)
        return self.factor * self.times.mixed_ms(gen_tokens, kv_tokens, 1, ctx_tokens, span)
