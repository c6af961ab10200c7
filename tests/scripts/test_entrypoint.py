"""docker/entrypoint: what the environment becomes in nginx's configuration."""

import os
import re
import stat
import subprocess

import pytest

from conftest import ROOT

API = "http://127.0.0.1:9"


@pytest.fixture
def render(tmp_path):
    """Renders, has nginx test what came, and returns it as one string."""
    run_dir = tmp_path / "run"

    def run(**env):
        done = subprocess.run(
            [ROOT / "docker/entrypoint", "-q", "-t"], text=True, check=False,
            capture_output=True, cwd=tmp_path, env={
                "PATH": os.environ["PATH"], "RUN_DIR": str(run_dir),
                "MODULE": f"{ROOT}/build/ngx_http_batch_dial_module.so",
                "ACCESS_LOG": str(tmp_path / "access.log"), **env})
        if done.returncode != 0:
            return done.stderr.strip().split("\n")[-1]
        return (run_dir / "nginx.conf").read_text()

    run.dir = run_dir
    return run


def directives(rendered, name):
    return re.findall(rf"(?<=\s){name} ([^;{{]*);", rendered)


def test_nothing_is_left_to_fill_in(render):
    rendered = re.sub(r"#.*", "", render(UPSTREAM=API))

    assert "%%" not in rendered
    assert directives(rendered, "listen") == ["8080"]
    assert directives(rendered, "batch_dial_redis") == []
    assert directives(rendered, "allow") == ["127.0.0.0/8", "::1"]


@pytest.mark.parametrize("upstream, server", [
    ("http://127.0.0.1:9", "127.0.0.1:9"), ("https://127.0.0.1",
                                            "127.0.0.1:443"),
    ("http://[::1]", "[::1]:80"), ("https://localhost:9/", "localhost:9")])
def test_what_cannot_change_is_resolved_once(render, upstream, server):
    rendered = render(UPSTREAM=upstream)

    assert directives(rendered, "server") == [server]
    assert directives(rendered, "resolver") == []
    scheme = upstream.split(":")[0]
    assert directives(rendered, r"set \$api") == [f"{scheme}://batch_dial_api"]


def test_a_name_is_left_to_the_resolver(render):
    rendered = render(UPSTREAM="https://api.test", RESOLVER="127.0.0.1:5353")

    assert directives(rendered, "resolver") == ["127.0.0.1:5353"]
    assert directives(rendered, r"set \$api") == ["https://api.test:443"]
    assert directives(rendered, "proxy_set_header Host") == ["api.test"]
    assert directives(rendered, "proxy_ssl_name") == ["api.test"]
    assert directives(rendered, "proxy_ssl_verify") == ["on"]


@pytest.mark.parametrize("url, resolvers", [
    ("redis://:p@localhost:1/0", 0), ("redis://127.0.0.1:1/0", 0),
    ("unix:/nowhere", 0), ("redis://u:p@redis.test:1/0", 1)])
def test_redis_resolver_is_its_own(render, url, resolvers):
    rendered = render(UPSTREAM=API, REDIS_URL=url, RESOLVER="127.0.0.1:5353")

    assert directives(rendered, "batch_dial_redis") == [f'"{url}"']
    assert len(directives(rendered, "resolver")) == resolvers


def test_secrets_go_to_files_of_the_owner_alone(render):
    rendered = render(UPSTREAM=API, SECRET="a secret of 24 characters",
                      REDIS_PASSWORD="pass word",
                      REDIS_URL="redis://127.0.0.1:1/0")

    assert "24 characters" not in rendered and "pass word" not in rendered
    assert (render.dir / "secret").read_text() == "a secret of 24 characters\n"
    assert (render.dir / "redis-password").read_text() == "pass word\n"
    for path in render.dir.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_secrets_come_from_files(render, tmp_path):
    files = {"SECRET_FILE": "a secret of 24 characters",
             "REDIS_PASSWORD_FILE": "password",
             "REDIS_URL_FILE": "redis://127.0.0.1:1/0"}
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n")

    rendered = render(UPSTREAM=API, **{name: str(tmp_path / name)
                                       for name in files})

    assert directives(rendered, "batch_dial_redis") == [
        '"redis://127.0.0.1:1/0"']
    assert directives(rendered, "batch_dial_secret_file") == [
        f'"{tmp_path}/SECRET_FILE"']
    assert directives(rendered, "batch_dial_redis_password_file") == [
        f'"{tmp_path}/REDIS_PASSWORD_FILE"']


@pytest.mark.parametrize("env, said", [
    ({}, "gateway: UPSTREAM is not set: http[s]://HOST[:PORT]"),
    ({"UPSTREAM": "https://a/b"},
     "gateway: UPSTREAM is not http[s]://HOST[:PORT]: https://a/b"),
    ({"UPSTREAM": API, "UPSTREAM_CA": "/none"},
     "gateway: UPSTREAM_CA is not readable: /none"),
    ({"UPSTREAM": "https://api.test", "RESOLVER": "1.1.1.1; x"},
     "gateway: no name server for api.test: none in /etc/resolv.conf or "
     "RESOLVER"),
    ({"UPSTREAM": API, "SECRET": "x", "SECRET_FILE": "/dev/null"},
     "gateway: SECRET and SECRET_FILE are both set"),
    ({"UPSTREAM": API, "REDIS_URL_FILE": "/none"},
     "gateway: REDIS_URL_FILE is not readable: /none"),
    ({"UPSTREAM": API, "REDIS_URL": "unix:/x\n"},
     "gateway: REDIS_URL has a control character"),
    ({"UPSTREAM": API, "LISTEN": "8080; x"},
     "gateway: LISTEN is not usable: 8080; x"),
    ({"UPSTREAM": API, "METRICS_ALLOW": "a;b"},
     "gateway: METRICS_ALLOW is not usable: a;b")])
def test_what_is_unusable_is_one_clear_line(render, env, said):
    assert render(**env) == said


def test_a_quote_stays_inside_its_word(render, tmp_path):
    odd = tmp_path / 'a"b;c\\d'
    odd.write_text("a secret of 24 characters")
    rendered = render(UPSTREAM=API, SECRET_FILE=str(odd))

    assert rf'batch_dial_secret_file "{tmp_path}/a\"b;c\\d";' in rendered
