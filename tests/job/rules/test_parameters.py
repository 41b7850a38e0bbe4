"""Is a wrong parameter file refused, and is the wrong field named?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from job.rules.discovery import rule_classes
from job.rules.parameters import DEFAULT_FILE, ParametersError, load_rules


def refusal(tmp_path: Path, text: str) -> str:
    file = tmp_path / "parameters.toml"
    file.write_text(text)
    with pytest.raises(ParametersError) as caught:
        load_rules(file)
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_the_production_file_can_be_used() -> None:
    rules = load_rules(DEFAULT_FILE)
    assert rules
    assert {rule.name for rule in rules} <= set(rule_classes())


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "empty.toml"
    file.write_text("")
    assert [rule.parameters for rule in load_rules(file)] == [
        rule_class.Parameters() for rule_class in rule_classes().values()
    ]


def test_a_disabled_rule_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "parameters.toml"
    file.write_text("[velocity]\nenabled = false\n")
    assert "velocity" not in [rule.name for rule in load_rules(file)]


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    file = tmp_path / "parameters.toml"
    file.write_text("[velocity]\nswipes = 9\n")
    velocity = next(rule for rule in load_rules(file) if rule.name == "velocity")
    assert velocity.threshold == 9.0
    assert velocity.parameters.window_ms == 600_000


def test_an_unknown_rule_gets_a_suggestion(tmp_path: Path) -> None:
    assert "[velocty] is no rule; did you mean 'velocity'?" in refusal(tmp_path, "[velocty]\n")


def test_a_rule_unlike_any_gets_the_list(tmp_path: Path) -> None:
    message = refusal(tmp_path, "[zzz]\n")
    assert all(name in message for name in rule_classes())


@pytest.mark.parametrize("name", rule_classes())
def test_an_unknown_field_is_named(name: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, f"[{name}]\nno_such_field = 1\n")
    assert name in message
    assert "no_such_field" in message


@pytest.mark.parametrize("name", rule_classes())
def test_a_field_of_the_wrong_type_is_named(name: str, tmp_path: Path) -> None:
    for field in rule_classes()[name].Parameters.__struct_fields__:
        assert f"{name}.{field}: " in refusal(tmp_path, f'[{name}]\n{field} = "many"\n')


@pytest.mark.parametrize("name", rule_classes())
def test_a_field_out_of_range_is_named(name: str, tmp_path: Path) -> None:
    for field, default in defaults_with_a_range(name).items():
        kind = type(default)
        assert f"{name}.{field}: " in refusal(tmp_path, f"[{name}]\n{field} = {kind(-1)}\n")


def defaults_with_a_range(name: str) -> dict[str, int | float]:
    parameters = rule_classes()[name].Parameters()
    fields = {field: getattr(parameters, field) for field in parameters.__struct_fields__}
    return {f: v for f, v in fields.items() if type(v) in (int, float)}


def test_a_wrong_item_of_a_list_is_named(tmp_path: Path) -> None:
    assert "decline_burst.codes" in refusal(tmp_path, '[decline_burst]\ncodes = ["55", "5"]\n')


def test_a_rule_that_is_no_table_is_named(tmp_path: Path) -> None:
    assert "velocity: " in refusal(tmp_path, "velocity = 3\n")


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    assert "not readable as TOML" in refusal(tmp_path, "[velocity\n")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "parameters.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ParametersError, match="not readable as TOML"):
        load_rules(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParametersError, match="no such file"):
        load_rules(tmp_path / "none.toml")


#: Three threads at a time meet a class of parameters that none has converted into yet.
FIRST_USE: Final = """
from __future__ import annotations
import sys, threading
from job.rules.base import RuleParameters
from job.rules.parameters import convert_parameters
sys.setswitchinterval(1e-6)
fields = "".join(f"    f{n}: int | None | dict[str, list[int]] = None\\n" for n in range(8))
for _ in range(1_000):
    exec("class Fresh(RuleParameters, frozen=True, kw_only=True):\\n" + fields)
    threads = [
        threading.Thread(target=convert_parameters, args=("", "fresh", {"f0": 1, "f7": 2}, Fresh))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_may_read_parameters_of_one_rule_for_the_first_time_together() -> None:
    """Both of the job's functions do when they open; a TaskManager died of it."""
    done = subprocess.run([sys.executable, "-c", FIRST_USE], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
