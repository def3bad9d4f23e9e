"""What can go wrong outside a request, each with the sentence that its reader needs next."""


class SidecarError(Exception):
    """Something that ends a command; `exit_code` is what the shell sees."""

    exit_code = 1


class BadSettings(SidecarError):
    """Settings that cannot be used: one sentence for each mistake, all at once."""

    exit_code = 2

    def __init__(self, sentences: tuple[str, ...]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Unusable(SidecarError):
    """A port, a folder or a file that the settings name cannot be used on this machine."""

    exit_code = 2
