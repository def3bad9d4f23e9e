"""What GPUs have."""

from analyzer import engine


def test_a_gpu_computes_in_the_format_of_the_weights_where_it_can() -> None:
    h100 = engine.gpu("h100")
    assert h100.peak("bf16") == 989e12
    assert h100.peak("fp8") == 1979e12


def test_what_the_hardware_cannot_compute_in_is_computed_in_bf16() -> None:
    assert engine.gpu("a100").peak("fp8") == 312e12
    assert engine.gpu("h100").peak("nvfp4") == 989e12
    assert engine.gpu("h100").peak("mxfp4") == 989e12


def test_four_bit_integers_are_unpacked_to_bf16_everywhere() -> None:
    assert engine.gpu("b200").peak("int4") == 2250e12


def test_mxfp4_is_computed_in_four_bits_on_blackwell() -> None:
    assert engine.gpu("b200").peak("mxfp4") == 9000e12
