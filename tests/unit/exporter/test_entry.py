import sys

import pytest

from exporter.entry import main


def test_a_missing_extra_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in [name for name in sys.modules if name.startswith("exporter.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "setproctitle", None)
    assert main() == 2
    assert "install it by pip install 'tokentide[exporter]'" in capsys.readouterr().err


def test_with_everything_installed_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tokentide-exporter", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "tokentide-exporter" in capsys.readouterr().out
