"""The child: `python -m registry.rules.parcels PATH region|anywhere` writes the survey as one JSON object."""

import json
import sys
from pathlib import Path

from registry.rules.parcels.limits import Limits
from registry.rules.parcels.reading import read_survey

path, where = sys.argv[1:]
json.dump(read_survey(Path(path), limits=Limits(), in_region=where == "region").as_json(), sys.stdout)
