"""The child: `python -m registry.rules.uploads PATH KIND OPTIONS` writes the upload as one JSON object."""

import json
import sys
from pathlib import Path

from registry.rules.uploads.archive import Limits
from registry.rules.uploads.parse import parse_workbook

path, kind, options = sys.argv[1:]
given = json.loads(options)
upload = parse_workbook(kind, Path(path), limits=Limits(**given["limits"]), species=given["species"])
json.dump(upload.as_json(), sys.stdout)
