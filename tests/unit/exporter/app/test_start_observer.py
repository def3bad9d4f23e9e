import hashlib
import signal
import subprocess
import sys

from exporter.app.start_observer import giving_way, stay


def test_others_may_run_while_it_loads_and_no_alarm_is_left() -> None:
    with giving_way() as enough:
        assert signal.getitimer(signal.ITIMER_REAL)[1] < 0.001
        digest = hashlib.pbkdf2_hmac("sha256", b"", b"salt", 100_000)  # one long call of C, with many alarms within
        enough()
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert digest == hashlib.pbkdf2_hmac("sha256", b"", b"salt", 100_000)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN


def test_the_alarm_is_not_pythons_to_handle_which_has_to_wait_for_the_end_of_a_call() -> None:
    script = (
        "import signal, time; from exporter.app.start_observer import giving_way\n"
        "with giving_way():\n"
        "    end = time.monotonic() + 0.05\n"
        "    while time.monotonic() < end: pass\n"  # some hundred alarms, each of which would kill it by default
        "    print(callable(signal.getsignal(signal.SIGALRM)))"  # as far as Python knows
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_asks_programs_to_end_does_not_end_it() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stay()
        for number in before:
            signal.raise_signal(number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_arrays_are_made_without_pandas_where_it_is_installed() -> None:
    script = (
        "import sys; from exporter.app.start_observer import WithoutPandas; sys.meta_path.insert(0, WithoutPandas());"
        "import pyarrow as pa; assert pa.array([1, None], pa.int32()).to_pylist() == [1, None];"
        "print([name for name in sys.modules if name.startswith('pandas.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
