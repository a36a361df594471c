"""The page that every problem's `type` points to: each code, when it happens, which operations give it."""

from collections.abc import Iterable
from html import escape

from matinee.common.errors import DomainError
from matinee.common.http.contract import Operation
from matinee.common.http.problems import status_of

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Problems · Matinee</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ max-width: 52rem; margin: 2rem auto; padding: 0 1rem }}
section {{ border-top: 1px solid #8884; padding: 1rem 0 }}
section:target {{ outline: 2px solid; outline-offset: .5rem }}
h2 {{ font-size: 1rem; margin: 0 }} p {{ margin: .25rem 0 }} small {{ opacity: .7 }}
code {{ overflow-wrap: anywhere }}
</style></head>
<body><h1>Problems</h1>
<p>Errors are RFC 9457 problem details. Programs decide by <code>code</code>; <code>detail</code> is for people.</p>
{sections}</body></html>"""
_SECTION = """<section id="{code}"><h2><code>{code}</code> · {status}</h2>
<p>{title}</p><small>{operations}</small></section>
"""


def problems_page(operations: Iterable[Operation]) -> bytes:
    """The page as UTF-8 HTML."""
    where: dict[type[DomainError], list[str]] = {}
    for operation in operations:
        for error in operation.errors:
            where.setdefault(error, []).append(operation.operation_id)
    sections = "".join(
        _SECTION.format(
            code=escape(error.code),
            status=status_of(error),
            title=escape(error.title()),
            operations=escape(", ".join(sorted(set(names)))),
        )
        for error, names in sorted(where.items(), key=lambda item: (status_of(item[0]), item[0].code))
    )
    return _PAGE.format(sections=sections).encode()
