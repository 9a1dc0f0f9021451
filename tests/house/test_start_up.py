"""Mintage answers at once: torch, which takes seconds to load, waits for its first use."""

from __future__ import annotations

import subprocess
import sys

import pytest


def fastest(tries: int, program: str) -> float:
    return min(seconds(program) for _ in range(tries))


def seconds(program: str) -> float:
    # the program tells processor seconds, so that a machine busy with other things does not fail the test
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return float(done.stderr.split()[-1])


def test_mintage_is_imported_in_under_three_tenths_of_a_second() -> None:
    program = """if True:
        import sys, time
        start = time.process_time()
        import mintage
        taken = time.process_time() - start
        assert "torch" not in sys.modules, "import mintage loads torch"
        sys.stderr.write(str(taken))"""
    assert fastest(5, program) < 0.3


def test_help_is_shown_in_under_half_a_second() -> None:
    program = """if True:
        import sys, time
        sys.argv = ["mintage", "--help"]
        from mintage.cli import main
        try:
            main()
        except SystemExit as end:
            assert not end.code, end.code
        assert "torch" not in sys.modules, "mintage --help loads torch"
        sys.stderr.write(str(time.process_time()))  # since the interpreter started"""
    assert fastest(3, program) < 0.5


def test_every_name_of_the_front_door_leads_somewhere() -> None:
    import mintage

    assert mintage.__version__
    for name in mintage.__all__:
        assert getattr(mintage, name) is not None
    with pytest.raises(AttributeError):
        _ = mintage.nothing
