"""What the module at hand can do: builds differ in the directives they know.
"""

import functools
import pathlib
import tempfile

from lib.nginx import Nginx

TEST = """\
%%GLOBALS%%

http {
    %%HTTP_GLOBALS%%
    server {
        listen 127.0.0.1:%%PORT%%;
        location / {
            %%DIRECTIVE%%;
        }
    }
}
"""


@functools.lru_cache(maxsize=None)
def knows(name):
    """Whether there is such a directive.

    Without an argument each is refused, but not as unknown.
    """
    with tempfile.TemporaryDirectory(prefix="batch-dial-bench.") as directory:
        _, said = Nginx(pathlib.Path(directory), TEST, start=False,
                        DIRECTIVE=name).test()
    return "unknown directive" not in said


def where_known(*directives):
    """Those of the directives, given whole, whose name the build knows."""
    return "\n    ".join(directive for directive in directives
                         if knows(directive.split()[0].rstrip(";")))
