"""The registry's tables. Only the registry imports them."""

from registry.models.documents import Document
from registry.models.issuance import Issuance, IssuedVintage, Retirement
from registry.models.land import BorderDecision, LandComparison, Parcel
from registry.models.monitoring import (
    CalculationJob,
    CalculationRecord,
    CheckResult,
    Finding,
    MonitoringPeriod,
    ObservationFile,
    ParameterVersion,
    Verification,
    VerificationRun,
)
from registry.models.packs import EvidencePack
from registry.models.projects import Contribution, Project, PublicComment, ReviewStep, Validation

__all__ = [
    "BorderDecision",
    "CalculationJob",
    "CalculationRecord",
    "CheckResult",
    "Contribution",
    "Document",
    "EvidencePack",
    "Finding",
    "Issuance",
    "IssuedVintage",
    "LandComparison",
    "MonitoringPeriod",
    "ObservationFile",
    "ParameterVersion",
    "Parcel",
    "Project",
    "PublicComment",
    "Retirement",
    "ReviewStep",
    "Validation",
    "Verification",
    "VerificationRun",
]
