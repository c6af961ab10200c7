"""Certificates for tests, made with the openssl command."""

import pathlib
import ssl
import subprocess


class Identity:
    """A CA, and a certificate of it for localhost and 127.0.0.1."""

    def __init__(self, directory, names="DNS:localhost,IP:127.0.0.1"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.ca = self.directory / "ca.pem"
        self.cert = self.directory / "cert.pem"
        self.key = self.directory / "key.pem"
        ca_key = self._key("ca.key")
        self._key("key.pem")
        self._openssl("req", "-x509", "-new", "-key", ca_key, "-days", "2",
                      "-subj", "/CN=batch-dial test CA", "-addext",
                      "keyUsage=critical,keyCertSign,cRLSign",
                      "-out", self.ca)
        request = self.directory / "request.pem"
        self._openssl("req", "-new", "-key", self.key, "-subj",
                      "/CN=batch-dial test", "-out", request)
        extensions = self.directory / "extensions"
        extensions.write_text(f"subjectAltName={names}\n", encoding="ascii")
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca,
                      "-CAkey", ca_key, "-CAcreateserial", "-days", "2",
                      "-extfile", extensions, "-out", self.cert)

    def client_context(self):
        """A context that trusts this CA alone."""
        return ssl.create_default_context(cafile=str(self.ca))

    def _key(self, name):
        path = self.directory / name
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-out", path)
        return path

    @staticmethod
    def _openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True,
                       capture_output=True)
