import sys

import pytest

from analyzer.entry import main


def test_a_missing_extra_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in [name for name in sys.modules if name.startswith("analyzer.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert main() == 2
    assert "install it by pip install 'tokentide[analyzer]'" in capsys.readouterr().err


def test_with_everything_installed_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tokentide-analyzer", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "tokentide-analyzer" in capsys.readouterr().out
