"""Links of the documents lead to files, and their commands name what there is."""

import functools
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.docs.documents import PAGES, ROOT, find_commands, find_links

COMMANDS = [
    command
    for page in PAGES
    for command in find_commands(page.read_text(), page.relative_to(ROOT).as_posix())
]
SETTING = re.compile(r"(\w+)=(?!\.\.\.)")


def program_of(words):
    """Returns what a command runs, as arguments for Python, and the words after that."""
    if not words or not re.fullmatch(r"(\S*/)?python[\d.]*", words[0]):
        return None, ()
    if words[1:2] == ("-m",):
        return words[1:3], words[3:]
    return words[1:2], words[2:]


def is_ours(program):
    if program[0] == "-m":
        return (ROOT / program[1].split(".")[0]).is_dir()
    return program[0].endswith(".py")


OURS = [
    (command, *program_of(command.words))
    for command in COMMANDS
    if program_of(command.words)[0] and is_ours(program_of(command.words)[0])
]


@functools.cache
def help_of(program):
    done = subprocess.run(
        [sys.executable, *program, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{' '.join(program)} --help: {done.stderr}"
    return done.stdout


def explain(program, words):
    """Returns the help that a command's options must be in: of its subcommand, where it has one."""
    told = help_of(program)
    if words and re.search(rf"^    {re.escape(words[0])}(\s|$)", told, flags=re.MULTILINE):
        return help_of((*program, words[0]))
    return told


def knows(told, word):
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", told)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page):
    for target in find_links(page.read_text()):
        path = target.partition("#")[0]
        assert (page.parent / path).exists(), target


def test_there_are_commands_to_check():
    assert len(OURS) > 30
    assert {program[-1] for _, program, _ in OURS} > {"local_runner.py", "serving.server"}


@pytest.mark.parametrize(("command", "program", "words"), OURS, ids=str)
def test_programs_and_options_of_commands_exist(command, program, words):
    name = program[-1]
    file = ROOT / (name if program[0] != "-m" else name.replace(".", "/"))
    assert file.is_dir() or file.is_file() or file.with_suffix(".py").is_file(), command
    if file.is_relative_to(ROOT / "benchmarks"):
        return  # their help imports TensorFlow
    told = explain(program, words)
    for option in (word.partition("=")[0] for word in words if word.startswith("--")):
        assert knows(told, option), f"{command}: {option} is not in --help"


@pytest.mark.parametrize(("command", "program", "words"), OURS, ids=str)
def test_settings_of_commands_exist(command, program, words):
    if program[-1] != "local_runner.py":
        return
    told = help_of(program)
    given = [after for word, after in pairwise(words) if word == "--set"]
    for key in (key for each in given for key in SETTING.findall(each)[:1]):
        assert knows(told, key), f"{command}: --set {key} is not in --help"


def test_targets_of_make_exist():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for command in COMMANDS:
        if command.words[0] == "make":
            assert command.words[1] in targets, command


def test_the_second_stack_and_ci_are_where_the_documents_say():
    named = {word for each in COMMANDS for word in each.words if word.startswith(".ci/")}
    assert named
    assert all(Path(ROOT / each).is_file() for each in named)
