"""Where step times come from, in words for who does not know the program's names."""

_WORDS = {
    "aiconfigurator": "AIConfigurator, NVIDIA's tables of measured operations",
    "roofline": "a roofline, arithmetic on the GPU's data sheet",
    "live": "recorded requests",
    "sweep": "a benchmark's sweep",
}


def spoken(source: str) -> str:
    """The source of a throughput as people say it; a name that is not known stays as it is."""
    return _WORDS.get(source, source)
