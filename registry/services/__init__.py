"""What the registry does: one function a use case, one transaction each. `at` is business time."""

from registry.services.calculation import request_calculation, run_calculation
from registry.services.documents import add_document
from registry.services.issuance import decide_issuance, propose_issuance, record_issuance
from registry.services.land import add_parcels, decide_border, preview_parcels, remove_parcel
from registry.services.monitoring import create_period, edit_period, upload_observations
from registry.services.notice import answer_comment, comment, publish_project, reject_validation, sign_validation
from registry.services.packs import ask_for_pack, make_pack
from registry.services.parameters import confirm_parameters
from registry.services.projects import create_project, edit_project, missing_of, submit_project, withdraw_project
from registry.services.registration import decide_registration, propose_registration, record_registration
from registry.services.retirement import (
    cancel_retirement,
    confirm_retirement,
    make_certificate,
    read_beneficiary,
    request_retirement,
)
from registry.services.review import review_project
from registry.services.standing import (
    deregister_project,
    is_told,
    keep_suspended,
    note_standing,
    propose_resumption,
    resume_project,
    suspend_project,
)
from registry.services.sweeps import run_due_cases
from registry.services.verification import (
    answer_finding,
    check_again,
    close_finding,
    open_nightly_runs,
    publish_period,
    raise_finding,
    reject_period,
    return_period,
    run_verification,
    sign_verification,
    submit_period,
)

__all__ = [
    "add_document",
    "add_parcels",
    "answer_comment",
    "answer_finding",
    "ask_for_pack",
    "cancel_retirement",
    "check_again",
    "close_finding",
    "comment",
    "confirm_parameters",
    "confirm_retirement",
    "create_period",
    "create_project",
    "decide_border",
    "decide_issuance",
    "decide_registration",
    "deregister_project",
    "edit_period",
    "edit_project",
    "is_told",
    "keep_suspended",
    "make_certificate",
    "make_pack",
    "missing_of",
    "note_standing",
    "open_nightly_runs",
    "preview_parcels",
    "propose_issuance",
    "propose_registration",
    "propose_resumption",
    "publish_period",
    "publish_project",
    "raise_finding",
    "read_beneficiary",
    "record_issuance",
    "record_registration",
    "reject_period",
    "reject_validation",
    "remove_parcel",
    "request_calculation",
    "request_retirement",
    "resume_project",
    "return_period",
    "review_project",
    "run_calculation",
    "run_due_cases",
    "run_verification",
    "sign_validation",
    "sign_verification",
    "submit_period",
    "submit_project",
    "suspend_project",
    "upload_observations",
    "withdraw_project",
]
