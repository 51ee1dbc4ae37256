"""The table of MJML's tags and attributes, read from npm's mjml.

``npm install mjml@5.4.1`` in a folder, then ``python -m tools.mjml_table FOLDER`` writes
``newsletter/lint/data/mjml.json`` and beside it the licence. node is needed for this alone.
"""

import json
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parent.parent / "newsletter" / "lint" / "data"
# What mjml's own validator allows on every tag, and the tags that its parser handles itself.
_EVERYWHERE = {"mj-class": "string", "css-class": "string"}
_PARSERS = {
    "mjml": {"owa": "string", "lang": "string", "dir": "string"},
    "mj-all": {},
    "mj-class": {"name": "string"},
    "mj-selector": {"path": "string"},
    "mj-html-attribute": {"name": "string"},
    "mj-include": {"path": "string", "type": "string", "css-inline": "string"},
}
_SCRIPT = """
const preset = require("mjml-preset-core");
const tags = {};
for (const part of preset.components) tags[part.componentName] = part.allowedAttributes || {};
const inside = {};
for (const [tag, children] of Object.entries(preset.dependencies))
  inside[tag] = children.filter((child) => typeof child === "string");
process.stdout.write(JSON.stringify({ tags, inside }));
"""


def main(folder: Path) -> None:
    """Write the table and its licence."""
    package = json.loads((folder / "node_modules/mjml/package.json").read_text(encoding="utf-8"))
    ran = subprocess.run(  # noqa: S603 - the script stands above
        ["node", "-e", _SCRIPT],  # noqa: S607 - node is where the developer has it
        cwd=folder,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    found = json.loads(ran.stdout)
    table = {
        "source": f"npm mjml {package['version']}, MIT; see mjml.LICENSE",
        "everywhere": _EVERYWHERE,
        "tags": dict(sorted((found["tags"] | _PARSERS).items())),
        "inside": dict(sorted(found["inside"].items())),
    }
    text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
    (DATA / "mjml.json").write_text(text, encoding="utf-8")
    licence = (folder / "node_modules/mjml/LICENSE.md").read_text(encoding="utf-8")
    (DATA / "mjml.LICENSE").write_text(licence.rstrip() + "\n", encoding="utf-8")
    count = sum(map(len, found["tags"].values()))
    print(f"{len(found['tags'])} components, {count} attributes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
