"""nginx with the module in front of the stand-in: what most tests use."""

from . import client, client_h2
from .nginx import Nginx, StartFailed, module
from .upstream import ALICE, JOBS

CONFIG = """\
%%GLOBALS%%

http {
    %%HTTP_GLOBALS%%

    %%REDIS%%
    %%MEMORY%%
    batch_dial_secret_file %%SECRET_FILE%%;
    batch_dial_zone %%ZONE%%;

    %%HTTP_EXTRA%%

    upstream api {
        server 127.0.0.1:%%UPSTREAM_PORT%%;
        keepalive 16;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%PORT_h2%% http2;
        %%LISTEN%%

        %%SERVER_EXTRA%%

        location /api/ {
            batch_dial on;

            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";

            %%LOCATION_EXTRA%%
        }

        location = /metrics {
            batch_dial_metrics;
        }
    }
}
"""


class Gateway(Nginx):
    """CONFIG with the directives of a test put in.

    redis is the batch_dial_redis line's argument, None for no such line;
    memory=False switches the memory tier off; unix=True has it asked over its
    Unix socket.
    """

    memory = True                     # the fixture redis_tier has it off

    def __init__(self, directory, http_extra="", server_extra="",
                 location_extra="", redis="unix:%%REDIS_SOCK%%", zone="1m",
                 memory=None, unix=False, config=CONFIG, **options):
        self.unix = unix
        super().__init__(
            directory, config,
            HTTP_EXTRA=http_extra, SERVER_EXTRA=server_extra,
            LOCATION_EXTRA=location_extra, ZONE=zone,
            REDIS=f"batch_dial_redis {redis};" if redis else "",
            LISTEN="listen unix:%%DIR%%/http.sock;" if unix else "",
            MEMORY="" if (self.memory if memory is None else memory)
            else "batch_dial_memory off;", **options)

    @property
    def address(self):
        return self.directory / "http.sock" if self.unix else super().address

    def start(self):
        path = module()
        if path is not None and not path.exists():
            raise StartFailed(f"{path} is not there: script/build builds it")
        super().start()

    def request(self, method, target, key=ALICE, headers=(), body=None):
        """One request on a connection of its own; key None: no credential."""
        fields = list(headers.items() if isinstance(headers, dict)
                      else headers)
        if key is not None:
            fields.insert(0, ("Authorization", f"Bearer {key}"))
        return client.http(self.address, method, target, fields, body)

    def read(self, job, key=ALICE, headers=()):
        """GET of a job."""
        return self.request("GET", f"{JOBS}/{job}", key, headers)

    def connect(self):
        """A connection to send requests over."""
        return client.Connection(self.address)

    def connect_h2(self):
        return client_h2.Connection(("127.0.0.1", self.port("h2")))

    def metrics(self):
        """The metrics page as {name{labels}: value}."""
        page = client.http(self.address, "GET", "/metrics")
        assert page.status == 200, page
        samples = [line.rpartition(" ") for line
                   in page.body.decode().splitlines()
                   if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in samples}


def bearer(key=ALICE):
    """The header fields of a request with a credential."""
    return [("Authorization", f"Bearer {key}")]
