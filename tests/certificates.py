"""Certificates as an authority of our own gives them out."""

from pathlib import Path

import trustme

from matinee.embedded.ports import LOOPBACK


class Authority:
    """Whom clients and servers trust: `certificate` is its own, in a file of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.certificate = folder / "authority.crt"
        self._authority.cert_pem.write_to_path(self.certificate)

    def certify(self, name: str) -> tuple[Path, Path]:
        """The files of a certificate for a name, good on this machine, and of its key."""
        made = self._authority.issue_cert("localhost", LOOPBACK, common_name=name)
        certificate, private = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        made.cert_chain_pems[0].write_to_path(certificate)
        private.touch(mode=0o600)
        made.private_key_pem.write_to_path(private)
        return certificate, private
