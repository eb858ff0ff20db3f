"""The registry's jobs. A task is a nudge, the queued rows are the truth: each is right when run late or twice."""

from registry.tasks.calculation import run_calculations, sweep_calculations, wake_calculation
from registry.tasks.packs import make_packs
from registry.tasks.upkeep import make_certificates, verify_issued_again
from registry.tasks.verification import sweep_verifications, verify_monitoring_report, wake_verification

__all__ = [
    "make_certificates",
    "make_packs",
    "run_calculations",
    "sweep_calculations",
    "sweep_verifications",
    "verify_issued_again",
    "verify_monitoring_report",
    "wake_calculation",
    "wake_verification",
]
