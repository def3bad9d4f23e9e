"""What the C library keeps for later after a burst goes back to the system."""


def give_back() -> bool:
    """Returns free heap to the system, in 0.05 to 1 ms; False where the C library cannot (musl, macOS).

    glibc keeps what was freed: a body of megabytes that a client did not fetch would stay in the resident memory.
    """
    import ctypes  # noqa: PLC0415 - costs 0.4 MB, and many relays never need it

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(0)
    return True
