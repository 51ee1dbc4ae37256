"""The smallest theme that has every kind of section, written into a folder of the test."""

from pathlib import Path

from newsletter.edition.model import Publisher
from newsletter.issue.model import SECTION_KINDS
from newsletter.values import Language
from tests.issue.folder import png

EDITION = """\
<mjml lang="{{ lang }}" dir="{{ dir }}">
<mj-head>
<mj-title>{{ issue.subject | typo }}</mj-title>
<mj-preview>{{ issue.preheader }}</mj-preview>
<mj-style>{{ head_css }}</mj-style>
</mj-head>
<mj-body>
<mj-section><mj-column>
<mj-image src="{{ masthead_image() }}" alt="" width="600px" />
<mj-text align="{{ start }}"><h1>{{ tagline }}</h1> {{ issue.date | date_long }}</mj-text>
</mj-column></mj-section>
{% for section in sections %}
{{ section.mjml }}
{% endfor %}
<mj-section><mj-column><mj-text css-class="footer">
<a href="{{ url.unsubscribe }}">{{ t.unsubscribe }}</a> {{ publisher.postal_address | join(", ") }}
</mj-text></mj-column></mj-section>
</mj-body>
</mjml>
"""

EDITION_TEXT = """\
{{ issue.subject | typo }}

{% for section in sections %}
{{ section.text }}

{% endfor %}
{{ t.unsubscribe }}: {{ url.unsubscribe }}
{{ publisher.postal_address | join(", ") }}
"""

SECTION = """\
<mj-section><mj-column><mj-text css-class="prose">
<h2 id="{{ section.anchor }}">{{ section.data.title | typo }}</h2>
{% if section.data.body %}
{{ section.data.body | prose }}
{% endif %}
{% if section.kind in ("article", "report", "call") and section.data.button %}
<a class="button" href="{{ section.data.button.url }}">{{ section.data.button.label | typo }}</a>
{% endif %}
{% if section.kind == "country" %}
{% for event in section.data.events %}
<p>{{ event.date | day_range(event.end) }} {{ event.date | month_name }} {{ event.title }}</p>
{% endfor %}
{% endif %}
</mj-text></mj-column></mj-section>
{% if section.kind == "article" and section.data.image %}
<mj-section><mj-column>
<mj-image src="{{ image(section.data.image.file) }}" alt="{{ section.data.image.alt }}" />
</mj-column></mj-section>
{% endif %}
"""

SECTION_TEXT = """\
{{ position }}. {{ section.data.title | typo }}
{% if section.data.body %}

{{ section.data.body | plain }}
{% endif %}
"""

FILES = {
    "theme.toml": 'name = "Tiny"\ndescription = "The smallest theme"\nkinds = {kinds}\n',
    "strings.toml": '[en]\nunsubscribe = "Unsubscribe"\n[it]\nunsubscribe = "Annulla"\n',
    "edition.mjml.j2": EDITION,
    "edition.txt.j2": EDITION_TEXT,
    "inline.css": ".footer a { color: #a3133f; } .prose p { margin: 0 }\n",
    "head.css": "@media (prefers-color-scheme: dark) { .footer { background: #1a1429 !important }"
    " .footer div { color: #ffffff !important } .footer a { color: #ff9db1 !important } }\n",
}


def write_theme(root: Path, **changed: str) -> Path:
    """``templates/tiny`` under ``root``; a changed file is named with ``_`` for ``.`` and ``/``."""
    folder = root / "templates" / "tiny"
    (folder / "sections").mkdir(parents=True, exist_ok=True)
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "masthead.png").write_bytes(png(1200, 2))
    kinds = str(list(SECTION_KINDS)).replace("'", '"')
    files = {name: text.replace("{kinds}", kinds) for name, text in FILES.items()}
    for kind in SECTION_KINDS:
        files[f"sections/{kind}.mjml.j2"] = SECTION
        files[f"sections/{kind}.txt.j2"] = SECTION_TEXT
    for name, text in files.items():
        spoiled = changed.get(name.replace(".", "_").replace("/", "_"), text)
        (folder / name).write_text(spoiled, encoding="utf-8")
    return folder


def publisher(postal_address: tuple[str, ...] = ("Via Roma 1", "00100 Roma")) -> Publisher:
    """A publisher under ``.example``."""
    return Publisher(
        name="ALISEI",
        organisation="Cluster ALISEI",
        postal_address=postal_address,
        site_url="https://alisei.example",
        taglines={Language("it"): "Scienze della vita"},
    )
