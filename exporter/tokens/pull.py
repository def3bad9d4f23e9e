"""Fetches the tokenizer of a model from the Hugging Face hub into the cache, when an image is built."""

import shutil
import sys
import tempfile
from pathlib import Path

from exporter.tokens import cache
from exporter.tokens.cache import Pulled
from exporter.tokens.folder import FILES, counter, sha256
from exporter.tokens.vocabulary import UnusableVocabulary


def pull(name: str, folder: Path) -> Pulled:
    """Fetches the files that a tokenizer needs and puts them into `folder`, all at once or not at all.

    `name` is that of a repository, such as `Qwen/Qwen3-8B`, with `@` and a revision where not the newest is wanted. The
    hub's own variables hold: HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE. What was fetched is loaded once, so that a file
    that is no tokenizer is refused. Raises UnusableVocabulary, with the reason in one sentence.
    """
    repository, _, revision = name.partition("@")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".pull-") as fetched:
            place = Path(fetched) / "model"
            found = _fetch(repository, revision or "main", place)
            shutil.rmtree(place / ".cache", ignore_errors=True)
            counter(place, lambda _: None, repository)
            files = sorted(path for path in place.iterdir() if path.is_file())
            cache.write(place, found, {path.name: sha256(path) for path in files})
            return _put(place, folder, repository)
    except OSError as error:
        raise UnusableVocabulary(f"The cache {folder} cannot be written: {error.strerror or error}.") from None


def _put(place: Path, folder: Path, repository: str) -> Pulled:
    target = folder / repository
    target.parent.mkdir(exist_ok=True)
    old = place.with_name("old")
    if target.exists():
        target.rename(old)
    place.rename(target)
    put = cache.find(folder, repository)
    if put is None:
        raise UnusableVocabulary(f"There is no model {repository!r}; its name is that of a repository of the hub.")
    return put


def _fetch(repository: str, revision: str, place: Path) -> str:
    """Fetches the files into `place` and returns the revision as a hash."""
    # the client of the hub takes half a second to load, and nothing else needs it
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415
    from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415

    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        found = HfApi().model_info(repository, revision=revision).sha or revision
        snapshot_download(repository, revision=found, allow_patterns=list(FILES), local_dir=place)
    except Exception as error:
        raise UnusableVocabulary(_sentence(repository, revision, error)) from error
    place.mkdir(exist_ok=True)
    return found


def _sentence(repository: str, revision: str, error: Exception) -> str:
    """Why nothing was fetched, and what to do; the hub's client has no error of its own for most of it."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if type(error).__name__ == "HFValidationError":
        return f"{repository!r} is not the name of a repository of the hub; names look like Qwen/Qwen3-8B."
    if status in {401, 403}:
        return f"The hub does not give out {repository} (status {status}); ask for access there, and set HF_TOKEN."
    if status == 404:
        return f"The hub has no model {repository} with a revision {revision}; check both names."
    reason = (str(error).splitlines() or [""])[0].rstrip(".")
    return (
        f"The tokenizer of {repository} cannot be fetched ({type(error).__name__}: {reason}); pull where the hub, or "
        "the one that HF_ENDPOINT names, can be reached, or copy the model's folder and name its path."
    )
