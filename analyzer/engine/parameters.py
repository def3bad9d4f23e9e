"""How many parameters a model has: in all, for one token, and in its embeddings."""

from analyzer.engine.models import Experts, LatentAttention, Model


def counted(model: Model) -> int:
    """Parameters of a decoder with attention in every layer, counted from its architecture.

    Matrices, biases and norms, as the checkpoints of these families hold them. It counts text alone: what sees images
    or predicts a further token comes on top.
    """
    norms = model.norms_per_layer * model.hidden
    layers = model.layers * (_attention(model) + norms) + (model.layers - model.expert_layers) * _dense(model)
    if model.experts is not None:
        layers += model.expert_layers * (_router(model, model.experts) + model.experts.count * expert(model))
    head = 0 if model.tied_embeddings else embedding(model)
    return embedding(model) + layers + model.hidden + head


def total(model: Model) -> int:
    """All parameters: as stated, else as counted."""
    return counted(model) if model.stated_parameters is None else model.stated_parameters


def routed(model: Model) -> int:
    """Parameters of the experts that tokens are sent to, of all layers."""
    return 0 if model.experts is None else model.expert_layers * model.experts.count * expert(model)


def text(model: Model) -> int:
    """Parameters that text goes through: not those that see images, which only the stated total holds.

    A model whose layers hold more than is known here is taken whole.
    """
    return counted(model) if model.countable else total(model)


def active(model: Model) -> int:
    """Parameters that one token has to do with: all of `text` but the experts it is not sent to."""
    if model.experts is None:
        return text(model)
    return text(model) - routed(model) * (model.experts.count - model.experts.active) // model.experts.count


def embedding(model: Model) -> int:
    """Parameters of the input embedding, in which a token is looked up and nothing is multiplied."""
    return model.vocabulary * model.hidden


def multiplied(model: Model) -> int:
    """Parameters that one token is multiplied with, P' of the roofline: active ones without the input embedding,
    which a model with tied embeddings multiplies all the same, as its output.
    """
    return active(model) - (0 if model.tied_embeddings else embedding(model))


def read(model: Model, tokens: float) -> float:
    """Parameters that one step of `tokens` tokens reads from memory, on average.

    As `multiplied`, but each token may choose other experts: of E, of which a token takes k, all tokens together take
    E·(1 − (1 − k/E)^tokens) where they choose independently of each other.
    """
    outside = text(model) - routed(model) - (0 if model.tied_embeddings else embedding(model))
    if model.experts is None:
        return outside
    untouched = float((1 - model.experts.active / model.experts.count) ** max(tokens, 1.0))
    return outside + routed(model) * (1 - untouched)


def expert(model: Model) -> int:
    """Parameters of one expert in one layer."""
    if model.experts is None:
        return 0
    width = model.experts.intermediate
    matrices = (3 if model.gated else 2) * model.hidden * width
    return matrices + ((2 if model.gated else 1) * width + model.hidden if model.experts.biases else 0)


def _router(model: Model, experts: Experts) -> int:
    """The router and the shared experts of one layer."""
    shared = (3 if model.gated else 2) * model.hidden * experts.shared_intermediate
    return experts.count * model.hidden + (experts.count if experts.router_bias else 0) + shared


def _dense(model: Model) -> int:
    return (3 if model.gated else 2) * model.hidden * model.intermediate


def _attention(model: Model) -> int:
    """Projections, biases and norms of one layer's attention."""
    if model.latent is not None:
        return _latent(model, model.latent)
    queries, keys = model.heads * model.head_size, model.kv_heads * model.head_size
    biases = {"none": 0, "qkv": queries + 2 * keys, "all": queries + 2 * keys + model.hidden}[model.attention_bias]
    norms = 2 * model.head_size if model.qk_norm else 0
    return model.hidden * (2 * queries + 2 * keys) + biases + norms + (model.heads if model.attention_sinks else 0)


def _latent(model: Model, latent: LatentAttention) -> int:
    """DeepSeek-V2 (2024), section 2.1: compressed queries, compressed keys and values, and their norms."""
    compared = model.heads * (latent.nope_size + latent.rope_size)
    queries = model.hidden * compared
    if latent.query_rank is not None:
        queries = latent.query_rank * (model.hidden + 1 + compared)
    keys = model.hidden * (latent.kv_rank + latent.rope_size) + latent.kv_rank
    unpacked = latent.kv_rank * model.heads * (latent.nope_size + latent.value_size)
    return queries + keys + unpacked + model.heads * latent.value_size * model.hidden
