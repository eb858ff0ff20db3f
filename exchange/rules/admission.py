"""The life of a request to admit a product."""

from enum import StrEnum


class AdmissionState(StrEnum):
    """Where a request stands. The last three are final."""

    REQUESTED = "requested"
    REVIEWED = "reviewed"
    ADMITTED = "admitted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
