import dataclasses
from datetime import UTC, datetime

from analyzer.analysis import Origin
from analyzer.report.origin import made_from
from tests.unit.analyzer.report.analyses import text

PLAIN = Origin(
    version="0.1.0",
    files=1,
    unreadable_files=0,
    first=datetime(2026, 11, 1, 8, 5, tzinfo=UTC),
    last=datetime(2026, 11, 16, 9, 30, tzinfo=UTC),
    window_from="default",
    models=None,
    settings={},
)


def test_a_report_with_nothing_chosen_says_so() -> None:
    assert text(made_from(PLAIN)) == (
        "Made by Tokentide 0.1.0 from 1 file, in which requests lie from 2026-11-01 08:05 to 2026-11-16 09:30"
        " UTC. The window is the one that is taken where none is asked for. Hours and days are"
        " those of UTC, the default. All settings are the default."
    )


def test_the_time_zone_is_told_with_who_chose_it() -> None:
    asked = dataclasses.replace(PLAIN, timezone="Asia/Tokyo", timezone_from="option")
    assert "Hours and days are those of Asia/Tokyo, asked for with --timezone." in text(made_from(asked))
    stated = dataclasses.replace(PLAIN, timezone="Asia/Tokyo", timezone_from="settings")
    assert "those of Asia/Tokyo, of the settings file or the environment." in text(made_from(stated))


def test_what_was_chosen_is_told_as_one_would_type_it() -> None:
    chosen = dataclasses.replace(
        PLAIN,
        files=672,
        unreadable_files=2,
        window_from="options",
        models=("a/b", "c"),
        settings={"isl_threshold": 2048, "capacity": {"rps_per_replica": 2.4, "gpu": "H100"}},
    )
    said = text(made_from(chosen))
    assert "from 672 files (2 further files could not be read), in which" in said
    assert "The window was asked for with --from and --to." in said
    assert "only these were asked for: a/b, c." in said
    assert said.endswith('isl_threshold = 2048, capacity.rps_per_replica = 2.4, capacity.gpu = "H100".')


def test_a_report_of_no_record_has_no_times() -> None:
    said = text(made_from(dataclasses.replace(PLAIN, files=0, first=None, last=None)))
    assert said.startswith("Made by Tokentide 0.1.0 from 0 files. The window")
