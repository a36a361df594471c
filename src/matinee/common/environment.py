"""Settings from the environment: checked at start, every fault listed with its variable's name."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from matinee.common.config import ConfigError, Settings
from matinee.common.contradictions import contradictions
from matinee.common.secret_file import SecretFile
from matinee.common.validation import Fault, InvalidInput, convert

PREFIX = "MATINEE_"
_FILE = "_FILE"
_LISTS = frozenset(
    {
        "cors_origins",
        "trusted_proxies",
        "jwt_keys",
        "secret_keys",
        "key_ids",
        "password_peppers",
        "codecs",
        "worker_labels",
        "import_allowed",
    }
)
_JSON = frozenset({"sign_in_providers"})
# Each may stand in a file, which `MATINEE_<NAME>_FILE` names.
SECRETS = frozenset(
    {
        "database_url",
        "s3_access_key_id",
        "s3_secret_access_key",
        "former_s3_access_key_id",
        "former_s3_secret_access_key",
        "jwt_keys",
        "password_peppers",
        "secret_key",
        "secret_keys",
        "key_pin",
        "sign_in_providers",
        "smtp_user",
        "smtp_password",
        "cdn_secret",
    }
)
# Read by the command line itself.
_NOT_SETTINGS = frozenset({"MATINEE_API_KEY", "MATINEE_DATA_DIR", "MATINEE_EMAIL", "MATINEE_PASSWORD"})
# In the place of required settings that are missing, so that the others can be judged.
_STAND_INS = {
    "database_url": "postgresql://localhost",
    "s3_bucket": "bucket",
}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from the environment; raises ConfigError naming every fault at once."""
    environ = os.environ if environ is None else environ
    known = {field.name for field in msgspec.structs.fields(Settings)}
    raw: dict[str, Any] = {}
    faults: list[Fault] = []
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and name not in _NOT_SETTINGS}
    for variable, value in _with_files_read(given, faults).items():
        name = variable.removeprefix(PREFIX).lower()
        if name not in known:
            faults.append(Fault(variable, "There is no such setting; see .env.example."))
        elif value != "":
            raw[name] = _read(name, value)
    told = {fault.path.removesuffix(_FILE) for fault in faults}
    try:
        settings = convert(raw, Settings, strict=False)
    except InvalidInput as error:
        named = [Fault(variable_name(fault.path), fault.message) for fault in error.faults]
        faults += [fault for fault in named if fault.path not in told]
        told |= {fault.path for fault in named}
        wrong = {fault.path.split("[")[0] for fault in error.faults}
        sound = {name: value for name, value in raw.items() if name not in wrong}
        settings = convert({**_STAND_INS, **sound}, Settings, strict=False)  # to judge the rest as well
    named = [Fault(variable_name(fault.path), fault.message) for fault in contradictions(settings)]
    faults += [fault for fault in named if fault.path not in told]
    if faults:
        raise ConfigError(faults)
    return settings


def _with_files_read(given: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    """The variables, with the content of a file in the place of its name."""
    values = dict(given)
    for variable in sorted(map(variable_name, SECRETS)):
        path = values.pop(variable + _FILE, "")
        if path == "":
            continue
        if values.get(variable):
            faults.append(Fault(variable + _FILE, f"{variable} is set as well; leave one of the two out."))
            continue
        try:
            values[variable] = SecretFile.read(Path(path))
        except ValueError as error:
            faults.append(Fault(variable + _FILE, str(error)))
    return values


def _read(name: str, value: str) -> Any:
    if name in _LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    if name in _JSON:
        with suppress(msgspec.DecodeError):  # what it is instead is told with the field
            return msgspec.json.decode(value)
    return value


def variable_name(field: str) -> str:
    """The environment variable of a settings field."""
    return PREFIX + field.split("[")[0].upper()
