"""README.md's commands, run as they stand; only ports and places differ."""

import pathlib
import shlex
import subprocess
import sys

import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests/integration"))

from lib import readme  # noqa: E402  (the path to it comes first)

MODULE = "ngx_http_batch_dial_module.so"
MODULES = "/usr/lib/nginx/modules/"


def run(command, folder=ROOT):
    """Runs one command of a sample; what it prints, errors included."""
    done = subprocess.run(command, shell=True, cwd=folder, text=True,
                          check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def play(heading, first, url):
    """Plays a console sample against a gateway; the commands it ran."""
    block, = readme.sample(heading, first)
    for command, expected in readme.session(block):
        assert "http://127.0.0.1:8080" in command
        said = run(command.replace("http://127.0.0.1:8080", url))
        assert readme.agree(expected, said), f"{command}\n{said}"


def test_script_server_says_what_is_told(gateway):
    node = gateway().started()
    block, = readme.sample("Quick start", "script/server")
    (command, expected), = readme.session(block)

    assert command == "script/server"
    said = "\n".join(node.lines).replace(node.url, "http://127.0.0.1:8080")
    assert readme.agree(expected, said), said


def test_quick_start_and_what_it_is_counted_as(gateway):
    node = gateway().started()

    play("Quick start", "curl", node.url)
    play("Metrics", "curl", node.url)
    play("Schema validation", "curl", node.url)


def test_validator_says_what_is_told(tmp_path):
    for name in ("build", "schema"):
        (tmp_path / name).symlink_to(ROOT / name)
    block, = readme.sample("Schema validation", "echo")
    for command, expected in readme.session(block):
        said = run(command, tmp_path)
        assert readme.agree(expected, said), f"{command}\n{said}"


def test_module_is_built_and_installed_as_told(tmp_path):
    block, = readme.sample("Install", "script/build")
    (build, expected), (install, _) = readme.session(block)
    assert readme.agree(expected, run(build))
    assert (ROOT / "build/batch-dial-validate").exists()

    # where nginx looks for "load_module modules/..."
    assert f"--modules-path={MODULES[:-1]} " in run("/usr/sbin/nginx -V")
    words = shlex.split(install)
    assert (words[0], words[-1]) == ("sudo", MODULES)
    assert run(shlex.join([*words[1:-1], f"{tmp_path}/"])) == ""
    loads(tmp_path / MODULE)


def test_module_is_configured_as_told(tmp_path):
    block, = readme.sample("Install", "./configure")
    (configure, _), (make, _) = readme.session(block)
    assert "/path/to/batch-dial" in configure
    source = "/usr/share/nginx/src"   # Debian's nginx-dev: build elsewhere
    configure = configure.replace("/path/to/batch-dial", str(ROOT))
    make = make.replace("make ", f"make -f {tmp_path}/Makefile ")

    said = run(f"{configure} --builddir={tmp_path}", source)
    said += run(make, source)

    assert (tmp_path / MODULE).exists(), said[-3000:]
    loads(tmp_path / MODULE)


def loads(module):
    """nginx takes the module's file."""
    folder = pathlib.Path(module).parent
    config = folder / "nginx.conf"
    config.write_text(f"load_module {module}; pid {folder}/pid; events {{}} "
                      f"error_log stderr; http {{ access_log off; "
                      f"batch_dial off; }}\n")
    said = run(f"/usr/sbin/nginx -t -c {config} -e stderr")
    assert "test is successful" in said, said
