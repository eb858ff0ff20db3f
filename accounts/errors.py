"""What accounts refuses: who may ask, and how a request must be put. Messages are English; the edges translate them."""

from dataclasses import dataclass
from typing import Any, ClassVar

from rulebook.errors import Conflicting, NotAllowed, NotThere, Refusal, Unavailable


class Malformed(Refusal):
    """The request cannot be read as what it claims to be: answered with 400."""

    code = "malformed"
    message = "The request cannot be read."


class JsonRejected(Malformed):
    """The body is not JSON as this API takes it."""

    code = "json_rejected"
    message = "The body cannot be read as JSON: {reason}"


class HeaderRejected(Malformed):
    """A header is longer than what is stored of it, or holds characters that it may not."""

    code = "header_rejected"
    message = "The header {header} must have 1 to {limit} printable ASCII characters."


class KeyRequired(Malformed):
    """A request that moves value came without Idempotency-Key."""

    code = "key_required"
    message = "This request moves value and needs the header Idempotency-Key."


class KeyReused(Conflicting):
    """The same Idempotency-Key came with another request."""

    code = "key_reused"
    message = "This request number has already been used for another content."


class InvalidField(Refusal):
    """A field of the request holds something else than it may."""

    code = "invalid_field"
    message = "{reason}"


class UnknownField(Refusal):
    """A field that this request does not take: it may exist and not be writable."""

    code = "unknown_field"
    message = "The field {name} is not accepted here."


class UnknownFilter(Malformed):
    """A query parameter that this list does not know."""

    code = "unknown_filter"
    message = "The filter {name} is not known here."


class PageTooLarge(Refusal):
    """More rows on one page than are given out."""

    code = "page_too_large"
    message = "A page has at most {limit} rows, {found_value} were asked for."


class CursorRejected(Malformed):
    """A page cursor that this API did not give out."""

    code = "cursor_rejected"
    message = "The page address is not one that was given out here."


class TooManyRequests(Refusal):
    """A client asked more often than the rulebook allows in a minute."""

    code = "throttled"
    message = "More than {limit} requests in a minute. Please go on in {seconds} seconds."


class NotSignedIn(NotAllowed):
    """Nobody is signed in, and the page or call is not public: 401 over the API, sign-in page in the browser."""

    code = "not_signed_in"
    message = "Please sign in first."


class CsrfFailed(NotAllowed):
    """A browser's session came without the token that proves the page was ours."""

    code = "csrf_failed"
    message = "The request did not come from a page of this platform. Please load the page again."


class TokenRejected(NotSignedIn):
    """The bearer token is unknown, has expired, or its client is closed."""

    code = "token_rejected"
    message = "The access token is unknown or has expired."


class RoleMissing(NotAllowed):
    """The actor holds none of the roles that may do this."""

    code = "role_missing"
    message = "Your roles do not include this task. It needs one of: {roles}."


class ScopeMissing(NotAllowed):
    """The client's token does not carry the scope."""

    code = "scope_missing"
    message = "The access token needs the scope {scope}."


class ClientsNotHere(NotAllowed):
    """No scope opens this route: it is for people."""

    code = "not_for_clients"
    message = "This is not open to API clients: a person signs in for it."


class VerbNotStated(NotAllowed):
    """The route does not answer this HTTP method: 405."""

    code = "method_not_allowed"
    message = "The method {method} is not available here."

    allowed: tuple[str, ...] = ()


class PasswordNeeded(NotAllowed):
    """The step cannot be undone, and the password was not entered within the rulebook's minutes."""

    code = "password_needed"
    message = "This step cannot be undone. Please enter your password again first."


class WrongCredentials(Refusal):
    """User name and password do not fit; which of the two is not said."""

    code = "wrong_credentials"
    message = "User name and password do not match."


class SignInLocked(Refusal):
    """Too many failures within the rulebook's minutes."""

    code = "sign_in_locked"
    message = "Sign-in is locked after {failures} failures. Please try again in {minutes} minutes."


class InvalidUscc(Refusal):
    """Not a unified social credit code: its length, characters or check digit do not fit."""

    code = "invalid_uscc"
    message = "“{found_value}” is not a valid unified social credit code. Please compare it with the licence."


class OrganisationKnown(Conflicting):
    """The unified social credit code is registered already."""

    code = "organisation_known"
    message = "An organisation with this unified social credit code is already registered."


class UserKnown(Conflicting):
    """The user name is taken."""

    code = "user_known"
    message = "This user name is already taken."


class OrganisationNotThere(NotThere):
    """No such organisation for this actor."""


class UserNotThere(NotThere):
    """No such person for this actor."""


class GrantNotThere(NotThere):
    """No such grant of a role, access or client waiting for this actor."""


class WorkItemNotThere(NotThere):
    """No such open work item for this actor."""


class NotAMember(Refusal):
    """A role is held in an organisation that the person belongs to."""

    code = "not_a_member"
    message = "The person does not belong to this organisation."


class RoleNotForKind(Refusal):
    """The role is not held in this kind of organisation."""

    code = "role_not_for_kind"
    message = "The role {role} cannot be held in an organisation of this kind."


class RolesExclude(Conflicting):
    """The three administrator roles never meet in one person, nor with a business role."""

    code = "roles_exclude"
    message = "The administrator roles exclude each other and every business role. This person already holds {held}."


class SamePerson(NotAllowed):
    """Whoever proposed cannot approve."""

    code = "same_person"
    message = "The person who proposed this cannot approve it."


class NotOwnRole(NotAllowed):
    """Nobody proposes or approves a role for themselves."""

    code = "not_own_role"
    message = "Nobody may grant a role to themselves."


class WeakPassword(Refusal):
    """The password does not meet the rules; the reason names which."""

    code = "weak_password"
    message = "{reason}"


class UnknownScope(Refusal):
    """A scope that this API does not have."""

    code = "unknown_scope"
    message = "There is no scope {scope}."


class ItemClaimed(Conflicting):
    """Someone else has taken the work item."""

    code = "item_claimed"
    message = "{name} has already taken this task."


class Busy(Unavailable):
    """A lock was not had in time; the same request may be sent again."""

    code = "busy"
    message = "The service is busy. Please send the same request again in a few seconds."
    retry_after_seconds: ClassVar[int] = 2


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field. `message` is English with {names} of `found`."""

    field: str
    code: str
    message: str
    found: dict[str, Any]


class InvalidBody(Refusal):
    """One or more fields of the body are not what they must be; the first names the code and the field."""

    code = "invalid_field"
    message = "The request has fields that are not valid."

    def __init__(self, field: str = "", rule: object = None, **found: Any) -> None:
        """found["problems"]: FieldProblem of each, at least one."""
        super().__init__(field, rule, **found)
        self.problems: tuple[FieldProblem, ...] = tuple(found["problems"])
        first = self.problems[0]
        self.code = first.code  # type: ignore[misc]
        self.field = field or first.field


class ChangeReasonNeeded(Refusal):
    """Why a rule is to be changed."""

    code = "change_reason_needed"
    message = "Say why the rule changes, in at most 300 characters."


class ChangedMeanwhile(Conflicting):
    """What is approved is not what the approver has seen."""

    code = "stale_version"
    message = "The content has changed. Please look at it again."
