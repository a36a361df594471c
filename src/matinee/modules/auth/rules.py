"""What is the same address."""

import email_validator

from matinee.modules.auth.errors import InvalidEmail


def normal_email(address: str) -> str:
    """One spelling of all that are the same address: composed letters, the domain in small Unicode letters.

    Raises InvalidEmail where it is not well-formed; nothing is looked up in the DNS.
    """
    try:
        return email_validator.validate_email(address, check_deliverability=False).normalized
    except email_validator.EmailNotValidError as error:
        raise InvalidEmail(str(error)) from None


def spellings(address: str) -> tuple[str, str]:
    """How the address of an account may be stored: in its normal form, or as typed before there was one."""
    try:
        return normal_email(address), address
    except InvalidEmail:
        return address, address
