"""The rows of the rules about the plain text, slots and characters."""

from tests.lint.proofs import Row, body, changed, clean, template, words
from tests.lint.rows_theme import in_section

LONG = "parola " * 12
ROWS = {
    "W110": Row(
        "edition.txt.j2:1:1",
        template("edition.txt.j2", "{% for", f"{LONG}\n{{% for"),
        template("edition.txt.j2", "{% for", f"{{{{ '{LONG}' | wrap }}}}\n{{% for"),
    ),
    "W111": Row(
        "country.txt.j2:1:1",
        in_section('<a href="https://alisei.example/a">Vada</a>'),
        body("[Vada](https://alisei.example/a)"),
    ),
    "W112": Row(
        "country.txt.j2:1:1",
        template("edition.txt.j2", "{{ section.text }}", "Un testo"),
        clean(),
    ),
    "E114": Row(
        "issue.toml:1:1",
        changed(messages={"it": b"a\r\n" + b"x" * 999 + b"\r\n"}),
        changed(messages={"it": b"a\r\n" + b"x" * 998 + b"\r\n"}),
    ),
    "N123": Row("issue.toml:11:14", body("Cara {{ city }}"), body("Cara {{ city | 'Roma' }}")),
    "E124": Row(
        "issue.toml:1:20",
        words("Notizie di novembre", "Notizie {{ browser_url }}"),
        body("[Apra]({{ browser_url }})"),
    ),
    "W125": Row(
        "issue.toml:11:17",
        body("Gentile {{ city | '' }}, ecco"),
        body("Gentile{{ city | '' }}, ecco"),
    ),
    "W029": Row(
        "issue.toml:11:14",
        body("Cara {nome}, ecco"),
        body("Cara {{ first_name | '[fname]' }}: 100 % di sì, 5 % di no"),
    ),
    "E126": Row("issue.toml:11:17", body("Gentile *|FNAME|*"), body("Il 100% di 5*3 [[ ]]")),
    "E127": Row("issue.toml:11:11", body("Un\u202etavolo"), body("Un tavolo")),
    "W128": Row("issue.toml:11:11", body("Un\u200btavolo"), body("Un\u00adtavolo 👩‍🔬")),
    "W129": Row("issue.toml:11:13", body("Un tаvolo"), body("Un TNFα e κB, дом")),
    "W130": Row("issue.toml:11:17", body("Un perchÃ© no"), body("Città, SÃO, Â")),
    "W131": Row("issue.toml:11:13", body("Citta\u0300"), body("Città")),
    "W132": Row(
        "issue.toml:11:14",
        body("[Un](https://аlisei.example)"),
        body("[Un](https://xn--citt-1na.example) [e](https://дом.example)"),
    ),
}
