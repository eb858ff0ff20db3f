"""What the registry refuses. Each refusal has a code that never changes and a message the edges translate."""

from __future__ import annotations

from accounts.errors import TooManyRequests
from rulebook.errors import Conflicting, NotAllowed, NotThere, Refusal


class ProjectNotThere(NotThere):
    """No such project, or not one this actor may know of."""


class RecordNotThere(NotThere):
    """No such parcel, document, period, issuance or certificate for this actor."""


class StateForbids(Conflicting):
    """The verb is not among those of the state for this role."""

    code = "state_forbids"
    message = "The step {verb} is not open in the state {state}."


class RoleForbids(NotAllowed):
    """The step is open now, but for another office or role."""

    code = "role_forbids"
    message = "This step is for another office."


class TookPart(NotAllowed):
    """Whoever entered, drew or uploaded anything of a case takes no part in its review."""

    code = "took_part"
    message = "You entered or uploaded something of this case and take no part in its review."


class ReviewedIt(NotAllowed):
    """Whoever reviewed a case enters nothing of it afterwards."""

    code = "reviewed_it"
    message = "You took part in the review of this case and cannot enter anything in it."


class DueDatePassed(Conflicting):
    """The clock of the step has run out."""

    code = "due_date_passed"
    message = "The time for this step ended on {due}."


class LandTaken(Conflicting):
    """Another case bound meeting land in the same moment; the same request says what it shares."""

    code = "land_taken"
    message = "Land that meets this was bound in this moment. Please try again."


class SamePerson(NotAllowed):
    """Maker and checker are one person."""

    code = "same_person"
    message = "A second person must do this: you did the step before."


class ArchiveRejected(Refusal):
    """A zip that is too big, too dense, nested, or leads outside."""

    code = "archive_rejected"
    message = "The archive was not taken: {reason}."


class ShapefileIncomplete(Refusal):
    """A part of the shapefile is missing."""

    code = "shapefile_incomplete"
    message = "The shapefile is incomplete: {part} is missing."


class FileRejected(Refusal):
    """The file is too big, empty, of another type by content, or broken."""

    code = "file_rejected"
    message = "The file was not taken: {reason}."


class EncodingUnclear(Refusal):
    """The attribute table is neither UTF-8 nor GBK for certain."""

    code = "encoding_unclear"
    message = "The encoding of the attribute table is unclear. Add a .cpg file that names it."


class GeometryInvalid(Refusal):
    """A polygon that no parcel can have; `place` says where."""

    code = "geometry_invalid"
    message = "Parcel {number}: {reason} ({place})."


class LandOverlap(Refusal):
    """Land that belongs to a live project already. The other owner is not named."""

    code = "land_overlap"
    message = "Parcel {parcel} overlaps project {project} by {area} ha."


class BorderUndecided(Conflicting):
    """A parcel crosses its banner's border, and nobody has decided on it yet."""

    code = "border_undecided"
    message = "Parcel {parcel} crosses the border of its banner. Someone must decide on it first."


class Incomplete(Refusal):
    """Something the step needs is missing."""

    code = "incomplete"
    message = "This is still missing: {missing}."


class OpinionNeeded(Refusal):
    """A return or a rejection without its reason."""

    code = "opinion_needed"
    message = "A reason is needed for every item that is returned or rejected."


class ItemsFailed(Conflicting):
    """A submission with failed items cannot be passed on."""

    code = "items_failed"
    message = "Items of the checklist have failed: {items}. Return the case instead."


class NoticeRuns(Conflicting):
    """The public notice has not ended."""

    code = "notice_runs"
    message = "The public notice lasts until {until}. The report can be signed after it."


class CommentsOpen(Conflicting):
    """A public comment waits for its answer."""

    code = "comments_open"
    message = "{count} public comments wait for an answer."


class FindingsOpen(Conflicting):
    """A finding is not closed."""

    code = "findings_open"
    message = "{count} findings are still open."


class AnswerMissing(Conflicting):
    """A finding is closed after its answer."""

    code = "answer_missing"
    message = "The finding has not been answered yet."


class NoticeOver(Conflicting):
    """Comments are taken during the notice only."""

    code = "notice_over"
    message = "No public notice runs for this case now."


class TooManyComments(TooManyRequests):
    """A notice takes only so many comments in an hour."""

    message = "This notice takes at most {limit} comments in an hour. Please come back in {minutes} minutes."


class VerifierNotIndependent(Refusal):
    """The verifier's organisation validated the project."""

    code = "verifier_not_independent"
    message = "The organisation that validated the project cannot verify it."


class PeriodOverlaps(Conflicting):
    """The days belong to another monitoring period of the project already."""

    code = "period_overlaps"
    message = "These days belong to another monitoring period already."


class PeriodOutOfOrder(Conflicting):
    """Periods of a project follow each other, so that no growth is counted in two of them."""

    code = "period_out_of_order"
    message = "Monitoring periods follow each other: the next one begins after {last}."


class PeriodInvalid(Refusal):
    """The period lies outside the crediting period or ends before it begins."""

    code = "period_invalid"
    message = "The period must lie within the crediting period, {first} to {last}, and must have ended."


class UploadRejected(Refusal):
    """The workbook has problems, cell by cell."""

    code = "cell_rejected"
    message = "{place}: {reason}"


class UnknownSpecies(UploadRejected):
    """A tree species that no parameter set knows."""

    code = "unknown_species"


class UploadNotTaken(Refusal):
    """A workbook that the period's methodology does not read."""

    code = "upload_not_taken"
    message = "The methodology {methodology} takes no such workbook for this date."


class StatedUnknown(Refusal):
    """A total that the period's methodology does not take, or one that is no number."""

    code = "stated_unknown"
    message = "The methodology {methodology} takes no total {name}, or not this value."


class CalculationRefused(Refusal):
    """The methodology refuses its inputs."""

    code = "calculation_refused"
    message = "The methodology refuses the inputs: {problems}."


class ChecksRunning(Conflicting):
    """The automatic verification has not answered yet."""

    code = "checks_running"
    message = "The automatic verification is still running. Please try again in a moment."


class ChecksFailed(Conflicting):
    """A check of the automatic verification failed."""

    code = "checks_failed"
    message = "The automatic verification failed: {checks}."


class ProvisionalParameters(Conflicting):
    """The result rests on values that nobody has confirmed."""

    code = "provisional_parameters"
    message = "The result rests on values that are not confirmed: {values}."


class DemonstrationOnly(Conflicting):
    """A value was confirmed for a demonstration, and this is none."""

    code = "demonstration_only"
    message = "The set {values} was confirmed for a demonstration only."


class UnknownKey(Refusal):
    """No such value in the parameter set."""

    code = "unknown_parameter"
    message = "The parameter set {set_id} has no value {key}."


class NothingToIssue(Refusal):
    """The verified amount holds no whole tonne."""

    code = "nothing_to_issue"
    message = "There is no whole tonne to issue."


class StaleVersion(Conflicting):
    """What is approved is not what was proposed."""

    code = "stale_version"
    message = "The content has changed. Please look at it again."


class PurposeNotServed(Refusal):
    """The scheme's credits may not serve this purpose."""

    code = "purpose_not_served"
    message = "Credits of this scheme cannot serve the purpose {purpose}."


class SecondPersonNeeded(NotAllowed):
    """The retirement is above the limit of one person."""

    code = "second_person_needed"
    message = "From {limit} tonnes on a second person must confirm."


class PackNotThere(NotThere):
    """No such evidence pack, or none for this person."""


class PackWaits(Conflicting):
    """A pack of the same thing is being made."""

    code = "pack_waits"
    message = "An evidence pack of this is being made already."
