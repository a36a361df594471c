"""Letters: a template of plain text, from which both the text and the HTML of a letter are made.

Paragraphs are separated by empty lines. One that reads `[What it does]($link)` becomes a button in HTML, and in text
an address on a line of its own. What takes the place of `$names` is never read as a template, and escaped in HTML.
"""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from string import Template
from uuid import uuid4

import email_validator
import msgspec

_BUTTON = re.compile(r"\[([^\]]+)\]\((\$\w+)\)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_PARAGRAPH = '<p style="margin:0 0 16px">{}</p>'
_LINK = (
    '<p style="margin:24px 0"><a href="{url}" style="background:#4f46e5;border-radius:8px;color:#fff;'
    'display:inline-block;font-weight:600;padding:12px 20px;text-decoration:none">{label}</a></p>'
    '<p style="color:#71717a;font-size:13px;margin:0 0 16px;word-break:break-all">{url}</p>'
)
_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>$subject</title>
</head>
<body style="font:16px/1.5 system-ui,sans-serif;margin:0">
<div style="margin:0 auto;max-width:32em;padding:32px 20px">
<p style="font-weight:700;margin:0 0 24px">Matinee</p>
$body
</div>
</body>
</html>
""")


class LetterTemplate(msgspec.Struct, frozen=True):
    """What a letter says, with `$names` for what differs from one to the next."""

    subject: str
    text: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A written letter. It is sent with the same id and date each time that it must be sent again."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    written_at: datetime


def write_letter(to: str, template: LetterTemplate, values: dict[str, str]) -> Letter:
    """The letter to an address; raises KeyError where a value is missing."""
    plain = {name: _CONTROLS.sub(" ", value) for name, value in values.items()}
    escaped = {name: escape(value) for name, value in plain.items()}
    subject = Template(template.subject).substitute(plain)
    paragraphs = [" ".join(paragraph.split()) for paragraph in template.text.strip().split("\n\n")]
    body = "\n".join(_as_html(paragraph, escaped) for paragraph in paragraphs)
    return Letter(
        id=uuid4().hex,
        to=to,
        subject=subject,
        text="\n\n".join(_as_text(paragraph, plain) for paragraph in paragraphs) + "\n",
        html=_PAGE.substitute(subject=escape(subject), body=body),
        written_at=datetime.now(UTC),
    )


def as_message(letter: Letter, sender: str) -> EmailMessage:
    """The letter as it is sent; raises ValueError where an address cannot stand in a header."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=_sendable(letter.to))
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{letter.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a machine, please
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _as_text(paragraph: str, values: dict[str, str]) -> str:
    if button := _BUTTON.fullmatch(paragraph):
        paragraph = f"{button[1]}:\n{button[2]}"
    return Template(paragraph).substitute(values)


def _as_html(paragraph: str, escaped: dict[str, str]) -> str:
    if button := _BUTTON.fullmatch(paragraph):
        html = _LINK.format(label=escape(button[1]), url=button[2])
    else:
        html = _PARAGRAPH.format(escape(paragraph))
    return Template(html).substitute(escaped)


def _sendable(address: str) -> str:
    """With an international domain in ASCII, so that every server takes it; with letters before the @ few do."""
    try:
        found = email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return found.ascii_email or found.normalized
