"""One page with every component of MJML that a theme may use, under a theme's two style sheets."""

from typing import Final

from newsletter.edition.theme import Theme

PICTURE: Final = "https://news.alisei.example/images/first/images/disc-china.png"
_TEXT = "Vogliamo che le imprese italiane siano più forti all’estero: <b>una</b> <i>prova</i>."
_PROSE = f"""<div class="prose"><p>{_TEXT}</p><ol><li>uno</li><li>due</li></ol>
<blockquote><p>«{_TEXT}»</p></blockquote><table><tr><th>a</th><td>b</td></tr></table>
<p><a href="https://a.example">qui</a> <code>x</code></p></div>"""
_ONE = '<mj-section css-class="paper"><mj-column>{}</mj-column></mj-section>'

COMPONENTS: Final = {
    "mj-text": f'<mj-text css-class="pad" padding="16px 40px" color="#251B3E">{_PROSE}</mj-text>',
    "mj-button": """<mj-button href="https://a.example" css-class="button" width="220px"
        border-radius="3px" background-color="#A3133F" inner-padding="12px 24px">
        Partecipa</mj-button>
        <mj-button align="left" font-weight="700" border="1px solid #A3133F">Annulla</mj-button>""",
    "mj-image": f"""<mj-image src="{PICTURE}" alt="un disco" width="144px" css-class="round" />
        <mj-image src="{PICTURE}" alt="" align="right" width="72px" padding="8px"
        border-radius="36px" href="https://a.example" />
        <mj-image src="{PICTURE}" fluid-on-mobile="true" alt="largo" />""",
    "mj-divider": """<mj-divider border-width="1px" border-color="#E2D9E0" padding="24px 40px" />
        <mj-divider border-style="dashed" width="50%" align="left" />""",
    "mj-spacer": '<mj-text>sopra</mj-text><mj-spacer height="48px" /><mj-text>sotto</mj-text>',
    "mj-table": """<mj-table css-class="prose" cellpadding="4" width="80%" align="center">
        <tr><th align="left">Paese</th><th>km</th></tr><tr><td>Cina</td><td>8.125</td></tr>
        </mj-table>""",
    "mj-social": f"""<mj-social mode="horizontal" icon-size="24px" css-class="small">
        <mj-social-element name="linkedin-noshare" href="https://a.example" src="{PICTURE}">
        LinkedIn</mj-social-element><mj-social-element src="{PICTURE}" href="https://b.example"
        background-color="#A3133F">altro</mj-social-element></mj-social>
        <mj-social mode="vertical" align="right"><mj-social-element src="{PICTURE}">x
        </mj-social-element></mj-social>""",
    "mj-navbar": """<mj-navbar css-class="links" base-url="https://a.example">
        <mj-navbar-link href="/uno" color="#A3133F">Uno</mj-navbar-link>
        <mj-navbar-link href="/due" css-class="link">Due</mj-navbar-link></mj-navbar>""",
    "mj-accordion": """<mj-accordion border="1px solid #E2D9E0"><mj-accordion-element
        icon-position="left"><mj-accordion-title css-class="h3">Che cosa</mj-accordion-title>
        <mj-accordion-text padding="8px">Un testo che si apre.</mj-accordion-text>
        </mj-accordion-element></mj-accordion>""",
    "mj-raw": '<mj-raw><tr><td class="row ink rule" align="left">grezzo</td></tr></mj-raw>',
}
"""What stands in a column, by its name."""

LAYOUTS: Final = {
    "mj-section": f"""<mj-section background-color="#A3133F" css-class="field" padding="32px 40px"
        border-radius="6px" text-align="left"><mj-column>
        <mj-text color="#FFFFFF" css-class="on-field">{_TEXT}</mj-text></mj-column></mj-section>
        <mj-section full-width="full-width" background-color="#FAF3F5" direction="rtl">
        <mj-column><mj-text>uno</mj-text></mj-column><mj-column><mj-text>due</mj-text></mj-column>
        </mj-section>""",
    "mj-column": f"""<mj-section css-class="paper"><mj-column width="60%" padding="8px"
        background-color="#FAF3F5" border="1px solid #8A8098" css-class="veil"><mj-text>{_TEXT}
        </mj-text></mj-column><mj-column width="40%" vertical-align="middle"><mj-text>due</mj-text>
        </mj-column></mj-section>""",
    "mj-group": """<mj-section css-class="paper"><mj-group width="66%"><mj-column><mj-text>uno
        </mj-text></mj-column><mj-column><mj-text>due</mj-text></mj-column></mj-group><mj-column
        width="34%"><mj-text>tre</mj-text></mj-column></mj-section>""",
    "mj-wrapper": """<mj-wrapper background-color="#FFFFFF" css-class="paper" padding="24px 0 64px"
        border-top="3px solid #A3133F"><mj-section><mj-column><mj-text>dentro</mj-text></mj-column>
        </mj-section><mj-section padding="0"><mj-column><mj-text>sotto</mj-text></mj-column>
        </mj-section></mj-wrapper>""",
}
"""What holds columns, by its name."""

_HEAD = """<mj-head><mj-title>Componenti</mj-title><mj-preview>anteprima</mj-preview>
<mj-breakpoint width="480px" /><mj-attributes><mj-all font-family="Georgia, serif" />
<mj-class name="big" font-size="20px" /><mj-text line-height="28px" /></mj-attributes>
{styles}<mj-raw><meta name="color-scheme" content="light dark" /></mj-raw></mj-head>"""


def page_of_components(theme: Theme, more: str = "") -> str:
    """The MJML; ``more`` stands in its head."""
    blocks = theme.head_css.split("/* next block */")
    styles = "".join(f"<mj-style>{block}</mj-style>" for block in blocks) + more
    parts = [*LAYOUTS.values(), *(_ONE.format(part) for part in COMPONENTS.values())]
    named = (
        '<mj-section><mj-column><mj-text mj-class="big">grande</mj-text></mj-column></mj-section>'
    )
    body = f'<mj-body width="600px" css-class="page latin ltr">{"".join(parts)}{named}</mj-body>'
    return f'<mjml lang="it" dir="ltr">{_HEAD.format(styles=styles)}{body}</mjml>'
