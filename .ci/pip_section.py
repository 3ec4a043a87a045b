"""Print the pip section of environment.yml, one requirement a line."""

from pathlib import Path

import yaml

environment = yaml.safe_load(Path("environment.yml").read_text(encoding="utf-8"))
print("\n".join(next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))))
