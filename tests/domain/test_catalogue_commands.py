"""`flask catalogue`: what the commands print, and their status."""

import pytest

from app.domain import catalogue
from tests.domain.test_catalogue_file import GOOD


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["catalogue", *map(str, words)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(GOOD)
    return path


def test_check_tells_what_is_in_a_good_file(run, file):
    done = run("check", file)
    assert done.exit_code == 0
    assert done.stdout == f"{file} is in order: 3 badges, 3 of them to be earned, 1 ranks, 1 rules for points.\n"


def test_check_tells_each_problem_on_a_line(run, file):
    file.write_text(GOOD.replace('"accepted"', '"acepted"').replace('"gold"', '"golden"'))
    done = run("check", file)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"{file}:26: badge 'safe-hands': unknown kind 'acepted'. Did you mean 'accepted'?",
        f"{file}:32: badge 'wings': unknown tier 'golden'. Did you mean 'gold'?",
        "2 problems; nothing was changed.",
    ]


def test_a_file_that_is_not_there_is_one_clear_line(run, tmp_path):
    done = run("load", tmp_path / "none.toml")
    assert done.exit_code == 1
    assert done.stderr == f"Error: {tmp_path}/none.toml: No such file or directory\n"


def test_a_folder_is_no_file(run, tmp_path):
    done = run("check", tmp_path)
    assert (done.exit_code, done.stderr) == (1, f"Error: {tmp_path}: Is a directory\n")


def test_diff_has_status_1_until_the_file_is_loaded(run, file):
    assert run("diff", file).exit_code == 1
    assert run("load", file).exit_code == 0
    done = run("diff", file)
    assert (done.exit_code, done.stdout) == (0, f"The site is as {file} says.\n")


def test_loading_shows_what_changed_and_then_nothing(run, file):
    assert "+ badge safe-hands: new, Safe Hands\n" in run("load", file).stdout
    assert run("load", file).stdout == "A tiny catalogue: nothing to change.\n"


def test_a_wrong_file_changes_nothing(run, file):
    run("load", file)
    file.write_text(GOOD.replace("n = 10", "n = 0").replace('"Wings"', '"Wide Wings"'))
    assert run("load", file).exit_code == 1
    file.write_text(GOOD)
    assert run("diff", file).exit_code == 0


def test_retire_tells_what_becomes_legacy(run, file):
    run("load", file)
    file.write_text(GOOD[: GOOD.rindex("[[badge]]")])
    assert "- badge speaker: not in the file; stays unless retired (--retire)\n" in run("load", file).stdout
    assert "- badge speaker: not in the file; becomes legacy\n" in run("load", "--retire", file).stdout


def test_what_is_exported_loads_back_to_no_difference(run, tmp_path):
    run("load", "flight")
    exported = tmp_path / "exported.toml"
    assert run("export", exported).exit_code == 0
    assert run("diff", exported).exit_code == 0
    assert catalogue.read(exported) == catalogue.shipped("flight")


def test_an_export_that_cannot_be_written_names_the_file_one_asked_for(run, tmp_path):
    done = run("export", tmp_path / "none" / "out.toml")
    assert (done.exit_code, done.stderr) == (1, f"Error: {tmp_path}/none/out.toml: No such file or directory\n")


def test_export_can_go_to_the_screen(run, file):
    run("load", file)
    assert run("export", "-").stdout.startswith('name = "tiny"\ntitle = "A tiny catalogue"\n\n[[rank]]\n')
