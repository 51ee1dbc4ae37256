"""What cannot be in a page of the archive, however it was written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import tostring

from newsletter.archive.clean import NOWHERE, cleaned

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img/src/onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVa&#9;ScRiPt:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href='java&#x200b;script:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html;base64,PHNjcmlwdD4='></object><embed src=x>",
    "<form action='https://evil.example'><input formaction='javascript:alert(1)'></form>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style></style><script>alert(1)</script></style>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<title></title><img src=x onerror=alert(1)></title>",
    "<textarea></textarea><script>alert(1)</script>",
    "<xmp></xmp><img src=x onerror=alert(1)></xmp>",
    "<!--><script>alert(1)</script>-->",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<p id=x srcdoc=x formaction=x ping='https://evil.example' style='color:red'>x</p>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<x-y onclick=alert(1)>x</x-y>",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<table background='javascript:alert(1)'><td background=x>x</td></table>",
]
RUNS = re.compile(
    r"<script|<iframe|<object|<embed|<form|<input|<svg|<math|<base|<link|<meta|<template|"
    r"<noscript|<xmp|<!--|<\?|\son\w+\s*=|srcdoc|formaction|ping=|background=|expression\(|@import",
    re.IGNORECASE,
)


def written(html: str) -> str:
    """The cleaned page as it is stored."""
    return str(tostring(cleaned(html, lambda _: None), encoding="unicode", method="html"))


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("around", ["{}", "<div><table><tr><td>{}</td></tr></table></div>"])
def test_a_stored_script_cannot_be_in_a_page(hostile: str, around: str) -> None:
    """Advisory of a peer: a script in an issue ran in its public archive."""
    page = written(f"<html><head></head><body>{around.format(hostile)}<p>dopo</p></body></html>")

    assert not RUNS.search(page), page
    for address in re.findall(r'href="([^"]*)"', page):
        assert address.startswith(("http:", "https:", "mailto:", "tel:", "#")), page


@pytest.mark.slow
@given(st.text(alphabet="<>/\"'=&;:!-? abcijnoprstvx\n\t\x01", max_size=80))
def test_no_text_at_all_becomes_something_that_runs(text: str) -> None:
    page = written(f"<body>{text}<p>x</p></body>")

    assert not RUNS.search(page)


def test_what_a_mail_page_is_made_of_stays() -> None:
    page = written(
        '<html lang="it"><head><style>.a { color: red }</style></head><body>'
        '<table role="presentation" bgcolor="#FFFFFF" width="600"><tr><td align="center" '
        'style="padding:8px"><h1 id="china">Cina</h1><a href="https://a.example/?x=1&amp;y=2">qui</a>'
        '<a href="mailto:a@b.example">scriva</a><a href="#china">su</a></td></tr></table>'
        "</body></html>"
    )

    for kept in (".a { color: red }", 'bgcolor="#FFFFFF"', 'style="padding:8px"', 'id="china"'):
        assert kept in page
    assert 'href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer"' in page
    assert 'href="mailto:a@b.example"' in page
    assert 'href="#china"' in page


def test_the_links_that_were_a_readers_own_go_with_their_empty_places() -> None:
    page = written(
        f'<body><p>prima</p><table><tr><td><a href="{NOWHERE}unsubscribe_url">Annulla</a></td></tr>'
        f'</table><p>Non vuole? <a href="{NOWHERE}preferences_url">Qui</a> dopo.</p></body>'
    )

    assert "slot.invalid" not in page
    assert "<table" not in page
    assert "<p>Non vuole?  dopo.</p>" in page


def test_only_images_that_are_ours_are_shown() -> None:
    tree = cleaned(
        '<body><img src="https://a.example/x.gif" alt="spia"><img src="ours" alt="x"></body>',
        lambda address: "images/1.png" if address == "ours" else None,
    )
    page = str(tostring(tree, encoding="unicode"))

    assert "a.example" not in page
    assert 'alt="spia"' in page
    assert 'src="images/1.png"' in page
