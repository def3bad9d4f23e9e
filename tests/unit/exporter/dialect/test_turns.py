import pytest

from exporter.dialect.turns import parts


@pytest.mark.parametrize(
    ("roles", "found"),
    [
        ("", ""),
        ("u", "u"),
        ("su", "su"),
        ("suau", "shhu"),
        ("sdu", "ssu"),
        ("suauu", "shhuu"),
        ("uat", "uhh"),
        ("sua", "suh"),
        ("uatatu", "hhhhhu"),
        ("usu", "hsu"),
        ("a?", "hh"),
    ],
)
def test_the_last_user_turn_stands_apart_from_system_and_history(roles: str, found: str) -> None:
    role = {"s": "system", "d": "developer", "u": "user", "a": "assistant", "t": "tool"}
    part = {"s": "system", "h": "history", "u": "user"}
    assert parts([{"role": role.get(each)} for each in roles]) == [part[each] for each in found]
