"""The configurations of a run's servers: templates of lib/nginx.py.

A connection lives for ever, on both sides of each server; nothing is logged
for a request.
"""

HTTP = """\
%%LOAD_MODULE%%
daemon off;
master_process on;
user root;
worker_processes %%WORKERS%%;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log %%LOG_LEVEL%%;
events { worker_connections 16384; }

http {
    %%HTTP_GLOBALS%%
    access_log off;
    server_tokens off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
"""

API = """
    upstream api {
        server 127.0.0.1:%%UPSTREAM_PORT%%;
        keepalive 128;
        keepalive_requests 1000000000;
        keepalive_timeout %%IDLE%%;
    }
"""

PROXY = """\
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
"""

METRICS = """
        location = /metrics {
            batch_dial_metrics;
        }
"""

# Upstream, which knows every job.  HEADERS are those of a hit for the peers,
# which replay what they were sent, and none for the gateway, which makes them.
UPSTREAM = HTTP + """
    server {
        listen 127.0.0.1:%%PORT%% backlog=8192;
        default_type application/json;

        location ~ "^/api/batch_dial_jobs/(?<id>[A-Za-z0-9-]+)" {
            %%HEADERS%%
            return 200 '%%BODY%%';
        }

        location = /requests {
            stub_status;
        }
    }
}
"""

GATEWAY = HTTP + API + """
    %%REDIS%%
    %%OPTIONS%%
    batch_dial_secret_file %%DIR%%/secret;

    server {
        listen 127.0.0.1:%%PORT_cached%% backlog=8192;

        location /api/ {
            batch_dial on;
""" + PROXY + """
        }
""" + METRICS + """
        %%PURGE%%
    }

    server {
        listen 127.0.0.1:%%PORT_redis%%;

        location /api/ {
            batch_dial on;
            %%MEMORY_OFF%%
""" + PROXY + """
        }
    }

    server {
        listen 127.0.0.1:%%PORT_unstored%%;

        location /api/ {
            batch_dial on;
            batch_dial_ttl INIT=0 ACTIVE=0 PAUSED=0 COMPLETE=0 CANCELLED=0;
""" + PROXY + """
        }
    }
}
"""

# As ours, a cache that is asked for private answers: what upstream says of
# caching is for others, and the token is part of the key.
CACHE = PROXY + """
            proxy_cache jobs;
            proxy_cache_key $uri$http_authorization;
            proxy_cache_valid 200 1h;
            proxy_ignore_headers Cache-Control;
"""

PLAIN = HTTP + API + """
    proxy_cache_path %%DIR%%/cache levels=1:2 keys_zone=jobs:16m inactive=1h;

    upstream full {
        server 127.0.0.1:%%FULL_PORT%%;
        keepalive 128;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }

    server {
        listen 127.0.0.1:%%PORT_return%%;

        location /api/ {
            %%HIT_HEADERS%%
            return 200 '%%HIT_BODY%%';
        }
    }

    server {
        listen 127.0.0.1:%%PORT_return_304%%;

        location /api/ {
            %%NOT_MODIFIED_HEADERS%%
            return 304;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_proxy%%;

        location /api/ {
""" + PROXY + """
        }
    }

    server {
        listen 127.0.0.1:%%PORT_cache%%;

        location /api/ {
""" + CACHE.replace("//api", "//full") + """
        }
    }

    server {
        listen 127.0.0.1:%%PORT_cache_open%%;
        open_file_cache max=10000 inactive=1h;
        open_file_cache_valid 1h;

        location /api/ {
""" + CACHE.replace("//api", "//full") + """
        }
    }
}
"""

SRCACHE = HTTP + API + """
    upstream memcached {
        server unix:%%MEMCACHED_SOCK%%;
        keepalive 128;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }

    server {
        listen 127.0.0.1:%%PORT_srcache%%;

        location = /memc {
            internal;
            set $memc_key $query_string;
            set $memc_exptime 3600;
            memc_pass memcached;
        }

        location /api/ {
            srcache_fetch GET /memc $uri$http_authorization;
            srcache_store PUT /memc $uri$http_authorization;
            srcache_store_private on;
            srcache_store_no_cache on;
            srcache_response_cache_control off;
""" + PROXY + """
        }
    }
}
"""

SRCACHE_MODULES = """\
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_memc_module.so;
load_module /usr/lib/nginx/modules/ngx_http_srcache_filter_module.so;
"""

VARNISH = """\
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "%%UPSTREAM_PORT%%";
}

sub vcl_recv {
    return (hash);
}

sub vcl_hash {
    hash_data(req.http.Authorization);
}

sub vcl_backend_response {
    set beresp.ttl = 1h;
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    unset resp.http.Accept-Ranges;
    set resp.http.Connection = "keep-alive";
}
"""


def header_directives(headers, without=()):
    """nginx directives that give an answer of return the same headers, but
    for those that nginx sends by itself."""
    own = {"server", "date", "content-length", "connection", "content-type",
           *without}
    lines = [f"default_type {value};" for name, value in headers
             if name.lower() == "content-type"]
    lines += [f"add_header {name} '{value}';" for name, value in headers
              if name.lower() not in own]
    return "\n            ".join(lines)
