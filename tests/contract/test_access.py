"""Who is let in to what: every operation of the contract, as everybody, on what is public, private and locked.

The table says it for each operation by name. One that is not in it fails: whoever adds an operation decides.
"""

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
import pytest
from tests.contract.stage import Person, Stage, exchange_key, make_key, reads_objects, sign_in, sign_in_again, sign_up

from matinee.app import all_operations
from matinee.common.http.authentication import KeyScope
from matinee.common.http.contract import Access, Operation


class Who(enum.Enum):
    """Those for whom an operation is; an administrator is let in everywhere."""

    ANYONE = "whoever asks"
    ACCOUNT = "whoever is signed in, for himself"
    ADMIN = "administrators"
    VIEWER = "who may see the video"
    MEMBER = "who may see the video and is signed in"
    OWNER = "who may change the video"
    GIVER = "who may change the video; of a team's its owners alone, its editors hear that it is not for them"
    READER = "who may see the playlist: everybody, or who belongs to the account whose it is"
    ARRANGER = "who may change the playlist"
    TEAM_MEMBER = "who belongs to the team"
    TEAM_OWNER = "who owns the team; its other members hear that it is not for them, others that there is none"
    GUESSER = "whoever asks, of a video that is not private"
    CHANNEL = "who may change what the account owns; others hear that the channel is not theirs"
    HOLDER = "who has the address that its announcement gave; nobody is known by his account"
    OPERATOR = "administrators; the owner of the video hears that it is not for him, others that there is none"


class Row(msgspec.Struct, frozen=True):
    """For whom an operation is, and a request that is well-formed."""

    who: Who
    body: Any = None
    query: str = ""
    kind: str = "application/json"
    headers: Mapping[str, str] = {}
    path: Mapping[str, str] = {}


_NEW_FILE = {"filename": "sea.mp4", "filesize": 1000, "filetype": "video/mp4"}
_PNG = b"\x89PNG\r\n\x1a\n"
_CREDENTIALS = {"email": "nobody@example.org", "password": "correct horse battery"}
_PROOF = {"password": "correct horse battery"}
_PASSKEY = {"id": "AAAA", "rawId": "AAAA", "type": "public-key"}
_NEW_PASSKEY = {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}
_ANSWER_OF_PASSKEY = {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA"}
_TUS = {"Tus-Resumable": "1.0.0"}
_DOWNLOAD = {"name": "original"}
_AVATAR = {"kind": "avatar"}
ROWS: dict[str, Row] = {
    "register": Row(Who.ANYONE, {**_CREDENTIALS, "email": "ada@localhost", "name": "Ada"}),
    "login": Row(Who.ANYONE, _CREDENTIALS),
    "refresh": Row(Who.ANYONE, {}),
    "logout": Row(Who.ANYONE, {}),
    "logout_all": Row(Who.ACCOUNT, _PROOF),
    "change_password": Row(Who.ACCOUNT, {"present_password": "not the one", "new_password": "correct horse battery"}),
    "forget_password": Row(Who.ANYONE, {"email": "nobody@example.org"}),
    "reset_password": Row(Who.ANYONE, {"token": "x", "password": "correct horse battery"}),
    "change_email": Row(Who.ACCOUNT, {"email": "new@example.org", "password": "not the one"}),
    "ask_verification": Row(Who.ANYONE, {"email": "nobody@example.org"}),
    "verify_email": Row(Who.ANYONE, {"token": "x"}),
    "invite_to_register": Row(Who.ADMIN, {"email": "guest@example.org"}),
    "list_registration_invitations": Row(Who.ADMIN),
    "revoke_registration_invitation": Row(Who.ADMIN),
    "list_sessions": Row(Who.ACCOUNT),
    "end_other_sessions": Row(Who.ACCOUNT, _PROOF),
    "end_session": Row(Who.ACCOUNT, _PROOF),
    "me": Row(Who.ACCOUNT),
    "answer_second_factor": Row(Who.ANYONE, {"challenge": "x", "code": "492039"}),
    "get_second_factor": Row(Who.ACCOUNT),
    "begin_totp": Row(Who.ACCOUNT, _PROOF),
    "confirm_totp": Row(Who.ACCOUNT, {"code": "492039"}),
    "turn_off_totp": Row(Who.ACCOUNT, _PROOF),
    "renew_recovery_codes": Row(Who.ACCOUNT, _PROOF),
    "begin_passkey": Row(Who.ACCOUNT, _PROOF),
    "register_passkey": Row(Who.ACCOUNT, {"name": "Laptop", "credential": {**_PASSKEY, "response": _NEW_PASSKEY}}),
    "list_passkeys": Row(Who.ACCOUNT),
    "rename_passkey": Row(Who.ACCOUNT, {"name": "Laptop"}),
    "remove_passkey": Row(Who.ACCOUNT, _PROOF),
    "ask_passkey": Row(Who.ANYONE, {}),
    "sign_in_by_passkey": Row(Who.ANYONE, {"credential": {**_PASSKEY, "response": _ANSWER_OF_PASSKEY}}),
    "list_sign_in_providers": Row(Who.ANYONE),
    "begin_provider_sign_in": Row(Who.ANYONE, {}),
    "sign_in_by_provider": Row(Who.ANYONE, {"code": "x", "state": "x"}),
    "begin_link": Row(Who.ACCOUNT, _PROOF),
    "link_provider": Row(Who.ACCOUNT, {"code": "x", "state": "x"}),
    "list_linked_sign_ins": Row(Who.ACCOUNT),
    "unlink_provider": Row(Who.ACCOUNT, _PROOF),
    "exchange_api_key": Row(Who.ANYONE, {"api_key": "mtn_0f8fad5b_"}),
    "create_api_key": Row(Who.ACCOUNT, {**_PROOF, "name": "Import", "scopes": ["videos:read"]}),
    "list_api_keys": Row(Who.ACCOUNT),
    "revoke_api_key": Row(Who.ACCOUNT),
    "list_audit_events": Row(Who.ADMIN),
    "export_audit_events": Row(Who.ADMIN),
    "list_users": Row(Who.ADMIN),
    "get_user": Row(Who.ADMIN),
    "change_user": Row(Who.ADMIN, {"password": "not this one"}),
    "suspend_user": Row(Who.ADMIN, {"reason": "Spam"}),
    "lift_suspension": Row(Who.ADMIN),
    "end_sessions": Row(Who.ADMIN, path={"user_id": "5f0c8a52-5b5e-4a55-9a0c-0d1f7c3f1a11"}),
    "reset_second_factor": Row(Who.ADMIN, {"password": "not this one"}),
    "foresee_deletion": Row(Who.ACCOUNT),
    "close_account": Row(Who.ACCOUNT, {"password": "not this one"}),
    "export_account": Row(Who.ACCOUNT, _PROOF),
    "get_account_export": Row(Who.ACCOUNT),
    "fetch_account_export": Row(Who.ACCOUNT, _PROOF),
    "export_user": Row(Who.ADMIN, _PROOF),
    "get_user_export": Row(Who.ADMIN),
    "fetch_user_export": Row(Who.ADMIN, _PROOF),
    "delete_user": Row(
        Who.ADMIN, {"password": "not this one"}, path={"user_id": "5f0c8a52-5b5e-4a55-9a0c-0d1f7c3f1a11"}
    ),
    "restore_user": Row(Who.ADMIN),
    "list_own_audit_events": Row(Who.ACCOUNT),
    "get_profile": Row(Who.ACCOUNT),
    "change_profile": Row(Who.ACCOUNT, {}),
    "create_team": Row(Who.ACCOUNT, {"name": "Harbour Films"}),
    "list_teams": Row(Who.ACCOUNT),
    "get_team": Row(Who.TEAM_MEMBER),
    "change_team": Row(Who.TEAM_OWNER, {}),
    "delete_team": Row(Who.TEAM_OWNER),
    "list_members": Row(Who.TEAM_MEMBER),
    "change_member": Row(Who.TEAM_OWNER, {"role": "viewer"}),
    "remove_member": Row(Who.TEAM_MEMBER),
    "invite": Row(Who.TEAM_OWNER, {"email": "guest@example.org", "role": "viewer"}),
    "list_invitations": Row(Who.TEAM_OWNER),
    "resend_invitation": Row(Who.TEAM_OWNER),
    "revoke_invitation": Row(Who.TEAM_OWNER),
    "show_invitation": Row(Who.ANYONE, {"token": "x"}),
    "accept_invitation": Row(Who.ACCOUNT, {"token": "x"}),
    "decline_invitation": Row(Who.ANYONE, {"token": "x"}),
    "get_usage": Row(Who.ACCOUNT),
    "get_quota": Row(Who.ADMIN),
    "set_quota": Row(Who.ADMIN, {}),
    "init_upload": Row(Who.ACCOUNT, {"title": "Sea", **_NEW_FILE}),
    "import_video": Row(Who.ACCOUNT, {"url": "https://films.example.org/sea.mp4"}),
    "sign_parts": Row(Who.OWNER),
    "complete_upload": Row(Who.OWNER, {}),
    "abort_upload": Row(Who.OWNER),
    "put_file": Row(Who.HOLDER, b"\0" * 1000, "?token=x", "video/mp4"),
    "describe_tus": Row(Who.ANYONE),
    "create_tus_upload": Row(Who.ACCOUNT, headers={**_TUS, "Upload-Length": "1000"}),
    "get_tus_offset": Row(Who.OWNER, headers=_TUS),
    "append_to_tus_upload": Row(
        Who.OWNER, b"\0" * 10, kind="application/offset+octet-stream", headers={**_TUS, "Upload-Offset": "0"}
    ),
    "terminate_tus_upload": Row(Who.OWNER, headers=_TUS),
    "replace_source": Row(Who.OWNER, _NEW_FILE),
    "trim_video": Row(Who.OWNER, {"start": 1, "end": 2}),
    "untrim_video": Row(Who.OWNER),
    "list_my_videos": Row(Who.ACCOUNT),
    "list_videos": Row(Who.ANYONE),
    "get_video": Row(Who.VIEWER),
    "change_video": Row(Who.OWNER, {}),
    "delete_video": Row(Who.OWNER),
    "watch_video": Row(Who.VIEWER),
    "list_viewers": Row(Who.OWNER),
    "share_video": Row(Who.OWNER, {"email": "friend@example.org"}),
    "unshare_video": Row(Who.OWNER),
    "set_password": Row(Who.OWNER, {"password": "winter garden"}),
    "list_comments": Row(Who.VIEWER),
    "write_comment": Row(Who.MEMBER, {"text": "Hello"}),
    "change_comments": Row(Who.OWNER, {}),
    "review_comments": Row(Who.OWNER),
    "list_own_comments": Row(Who.ACCOUNT),
    "list_reported_comments": Row(Who.ADMIN),
    "edit_comment": Row(Who.MEMBER, {"text": "Hello"}),
    "delete_comment": Row(Who.MEMBER),
    "list_replies": Row(Who.VIEWER),
    "decide_comment": Row(Who.OWNER, {"state": "hidden"}),
    "report_comment": Row(Who.MEMBER, {"reason": "It is spam."}),
    "like_comment": Row(Who.MEMBER),
    "unlike_comment": Row(Who.MEMBER),
    "get_counts": Row(Who.VIEWER),
    "react_to_video": Row(Who.MEMBER, {"kind": "like"}),
    "withdraw_reaction": Row(Who.MEMBER),
    "count_view": Row(Who.VIEWER, {"seconds": 10}),
    "get_position": Row(Who.MEMBER),
    "save_position": Row(Who.MEMBER, {"position": 10}),
    "list_history": Row(Who.ACCOUNT),
    "search_videos": Row(Who.ANYONE),
    "suggest_searches": Row(Who.ANYONE),
    "change_history": Row(Who.ACCOUNT, {}),
    "clear_history": Row(Who.ACCOUNT),
    "forget_watched": Row(Who.ACCOUNT),
    "list_my_playlists": Row(Who.ACCOUNT),
    "list_public_playlists": Row(Who.ANYONE),
    "make_playlist": Row(Who.ACCOUNT, {"title": "For later"}),
    "get_playlist": Row(Who.READER),
    "change_playlist": Row(Who.ARRANGER, {}),
    "delete_playlist": Row(Who.ARRANGER),
    "list_playlist_items": Row(Who.READER),
    "add_to_playlist": Row(Who.ARRANGER, {}),
    "move_playlist_item": Row(Who.ARRANGER, {}),
    "remove_from_playlist": Row(Who.ARRANGER),
    "get_channel": Row(Who.ANYONE),
    "change_channel": Row(Who.CHANNEL, {}),
    "suggest_handle": Row(Who.CHANNEL),
    "list_channel_videos": Row(Who.ANYONE),
    "get_channel_picture": Row(Who.ANYONE, path=_AVATAR),
    "give_channel_picture": Row(Who.CHANNEL, _PNG, kind="image/png", path=_AVATAR),
    "remove_channel_picture": Row(Who.CHANNEL, path=_AVATAR),
    "get_subscription": Row(Who.ACCOUNT),
    "subscribe": Row(Who.ACCOUNT),
    "unsubscribe": Row(Who.ACCOUNT),
    "see_subscriptions": Row(Who.ACCOUNT),
    "see_channel": Row(Who.ACCOUNT),
    "list_subscriptions": Row(Who.ACCOUNT),
    "list_feed": Row(Who.ACCOUNT),
    "transfer_video": Row(Who.GIVER, {"owner": None}),
    "make_playback_token": Row(Who.VIEWER, {}),
    "unlock_video": Row(Who.GUESSER, {"password": "winter garden"}),
    "list_signing_keys": Row(Who.ACCOUNT),
    "add_signing_key": Row(Who.ACCOUNT, {**_PROOF, "name": "shop"}),
    "remove_signing_key": Row(Who.ACCOUNT, _PROOF),
    "get_key_set": Row(Who.ANYONE),
    "make_clip": Row(Who.OWNER, {"start": 1, "end": 2}),
    "get_storage": Row(Who.OWNER),
    "change_storage": Row(Who.OWNER, {}),
    "get_encoding": Row(Who.OWNER),
    "retry_encoding": Row(Who.OWNER),
    "cancel_encoding": Row(Who.OWNER),
    "change_encoding": Row(Who.OPERATOR, {"priority": "high"}),
    "add_captions": Row(Who.OWNER, b"WEBVTT\n", "?language=en", "text/vtt"),
    "make_captions": Row(Who.OWNER, {}),
    "get_cues": Row(Who.OWNER),
    "edit_cues": Row(Who.OWNER, {"items": [{"start": 0, "end": 1, "text": "Hello"}]}),
    "list_captions": Row(Who.VIEWER),
    "change_captions": Row(Who.OWNER, {}),
    "delete_captions": Row(Who.OWNER),
    "get_chapters": Row(Who.VIEWER),
    "set_chapters": Row(Who.OWNER, {"items": []}),
    "list_sounds": Row(Who.VIEWER),
    "add_sound": Row(Who.OWNER, {"filename": "de.m4a", "filesize": 1000, "language": "de"}),
    "complete_sound": Row(Who.OWNER, {}),
    "change_sound": Row(Who.OWNER, {}),
    "delete_sound": Row(Who.OWNER),
    "choose_poster": Row(Who.OWNER, _PNG, kind="image/png"),
    "reset_poster": Row(Who.OWNER),
    "get_poster": Row(Who.VIEWER),
    "get_thumbnail": Row(Who.VIEWER),
    "get_storyboard": Row(Who.VIEWER),
    "get_storyboard_vtt": Row(Who.VIEWER),
    "get_storyboard_sheet": Row(Who.VIEWER),
    "get_preview": Row(Who.VIEWER),
    "get_watermark": Row(Who.OWNER),
    "give_watermark": Row(Who.OWNER, _PNG, kind="image/png"),
    "place_watermark": Row(Who.OWNER, {}),
    "remove_watermark": Row(Who.OWNER),
    "list_downloads": Row(Who.VIEWER),
    "offer_download": Row(Who.OWNER, path=_DOWNLOAD),
    "withdraw_download": Row(Who.OWNER, path=_DOWNLOAD),
    "get_download": Row(Who.VIEWER, path={"name": "audio.m4a"}),
    "get_segment": Row(Who.VIEWER),
    "get_hls_master": Row(Who.VIEWER),
    "get_dash_manifest": Row(Who.VIEWER),
    "get_hls_playlist": Row(Who.VIEWER),
    "get_hls_keyframes": Row(Who.VIEWER, path={"rendition": "v240"}),
    "get_init_segment": Row(Who.VIEWER),
    "get_permission": Row(Who.VIEWER),
    "get_segments_key": Row(Who.VIEWER, path={"period": 0}),
    "get_licence": Row(Who.VIEWER, {"kids": ["AAECAwQFBgcICQoLDA0ODw"]}),
    "export_keys": Row(Who.ADMIN),
    "renew_keys": Row(Who.OWNER),
    "get_captions_file": Row(Who.VIEWER),
    "get_hls_captions": Row(Who.VIEWER),
    "get_captions_segment": Row(Who.VIEWER),
    "get_dash_captions_init": Row(Who.VIEWER),
    "get_dash_captions_segment": Row(Who.VIEWER),
    "get_transcript": Row(Who.VIEWER),
    "get_transcript_text": Row(Who.VIEWER),
    "health": Row(Who.ANYONE),
    "ready": Row(Who.ANYONE),
}
IN, SIGN_IN, FORBIDDEN, NO_VIDEO = "let in", "unauthenticated", "forbidden", "video_not_found"
NO_TEAM, NO_ROLE = "team_not_found", "team_role_needed"
NO_PLAYLIST, NOT_YOURS = "playlist_not_found", "not_your_channel"
PASSWORD, NO_SCOPE, NO_KEY = "password_required", "insufficient_scope", "not_for_api_keys"
_REFUSALS = (SIGN_IN, FORBIDDEN, NO_VIDEO, NO_TEAM, NO_ROLE, NO_PLAYLIST, NOT_YOURS, PASSWORD, NO_SCOPE, NO_KEY)
KEYS = ("key of the owner", "key of the owner, exchanged", "key of the admin")
CALLERS = ("anonymous", "stranger", "friend", "owner", "admin", *KEYS)
IN_TEAM = {"team owner": "owner", "team editor": "editor", "team viewer": "viewer", "former member": None}
LIKE = {
    "key of the owner": "owner",
    "key of the admin": "stranger",
    "key of the owner, exchanged": "owner",
    "team owner": "owner",
    "team editor": "owner",
    "team viewer": "friend",
    "former member": "stranger",
}
"""Who is let in to a video as who else is."""
REFUSED = {Who.OWNER: NO_VIDEO, Who.GIVER: NO_VIDEO, Who.OPERATOR: NO_VIDEO, Who.CHANNEL: NOT_YOURS}
"""What whoever is signed in hears, of what is another's."""
VISIBILITIES = ("public", "private", "password")
NAMES_OF_STAGE = ("{video_id}", "{playlist_id}", "{channel}")  # without one a path asks the same for all of these
SCOPES = get_args(KeyScope)
_OF_HEAD = {401: SIGN_IN, 403: NO_SCOPE, 404: NO_VIDEO}


def expected(operation: Operation, who: Who, caller: str, visibility: str) -> str:
    """What becomes of a request. A key has every scope and acts as its user; an administrator's as any user."""
    if caller.startswith("key") and operation.access is not Access.PUBLIC and operation.scope is None:
        return NO_KEY
    if who in (Who.TEAM_MEMBER, Who.TEAM_OWNER) or (who is Who.GIVER and caller == "team editor"):
        return _expected_of_team(who, caller)
    if who in (Who.READER, Who.ARRANGER):
        return _expected_of_playlist(who, caller, visibility)
    caller = LIKE.get(caller, caller)
    if who in (Who.GUESSER, Who.HOLDER):
        return IN if who is Who.GUESSER and visibility != "private" else NO_VIDEO
    if who is Who.ANYONE or caller == "admin":
        return IN
    if caller == "anonymous" and who is not Who.VIEWER:
        return SIGN_IN
    if who in (Who.VIEWER, Who.MEMBER):
        if caller in ("owner", "friend"):
            return IN
        return {"public": IN, "private": NO_VIDEO, "password": PASSWORD}[visibility]
    if who is Who.ADMIN or (who is Who.OPERATOR and caller == "owner"):
        return FORBIDDEN
    return REFUSED.get(who, IN) if caller in ("stranger", "friend") else IN


def _expected_of_playlist(who: Who, caller: str, visibility: str) -> str:
    if who is Who.READER and (visibility != "private" or caller == "team viewer"):
        return IN
    if who is Who.ARRANGER and caller == "anonymous":
        return SIGN_IN
    return IN if LIKE.get(caller, caller) in ("owner", "admin") else NO_PLAYLIST


def _expected_of_team(who: Who, caller: str) -> str:
    if caller in ("anonymous", "admin"):
        return SIGN_IN if caller == "anonymous" else IN
    role = IN_TEAM.get(caller)
    if role is None:
        return NO_TEAM
    return IN if who is Who.TEAM_MEMBER or role == "owner" else NO_ROLE


@pytest.fixture(scope="session")
def callers(people: dict[str, Person | None], base_url: str, connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Everybody. The owner is the user whose videos the stage has; the friend is whom he shares them with."""
    owner, key = people["user"], people["key"]
    assert owner is not None
    assert key is not None
    admin = sign_up(base_url, connection, "ADMIN", name="governor")  # whose sessions nobody ends by chance
    return {
        "anonymous": None,
        "stranger": sign_up(base_url, connection, "USER", name="stranger"),
        "friend": sign_up(base_url, connection, "USER", name="friend"),
        "owner": people["user"],
        "admin": admin,
        "key of the owner": key,
        "key of the owner, exchanged": exchange_key(base_url, key),
        "key of the admin": make_key(base_url, admin, SCOPES),
        **{f"key without {left}": make_key(base_url, owner, [s for s in SCOPES if s != left]) for left in SCOPES},
    }


@pytest.fixture(scope="session")
def withheld(
    base_url: str, connection: psycopg.Connection[Any], callers: dict[str, Person | None], put_object: Any
) -> Stage:
    """Videos of every visibility whose owner was suspended; they were shared with the friend."""
    friend, banned = callers["friend"], sign_up(base_url, connection, "USER", name="banned")
    assert friend is not None
    stage = Stage(banned, connection, put_object, [("READY", each) for each in VISIBILITIES], [friend.id])
    stage.store()
    connection.execute("UPDATE users SET suspended_at = now(), suspended_why = 'Spam.' WHERE id = %s", (banned.id,))
    return stage


@pytest.fixture(scope="session")
def team(base_url: str, connection: psycopg.Connection[Any], callers: dict[str, Any]) -> Person:
    """A team, whose members and former member are callers from now on; nobody signs in to it."""
    row = connection.execute(
        "INSERT INTO users (kind, name) VALUES ('team', 'Harbour Films') RETURNING id"
    ).fetchone()
    assert row is not None
    team = Person(row[0], {})
    for name in IN_TEAM:
        callers[name] = sign_up(base_url, connection, "USER", name=name.replace(" ", "-"))
    _join(connection, callers, team)
    for name in IN_TEAM:
        callers[name] = sign_in(base_url, f"{name.replace(' ', '-')}@example.org")
    return team


@pytest.fixture
def signed_in(
    base_url: str, connection: psycopg.Connection[Any], callers: dict[str, Any], team: Person
) -> Iterator[dict[str, Any]]:
    """The callers; whom an operation has signed out is in again afterwards."""
    yield callers
    _join(connection, callers, team)
    sign_in_again(base_url, connection, callers.values())


def _join(connection: psycopg.Connection[Any], callers: dict[str, Any], team: Person) -> None:
    """Those who belong to the team do, also when they have left it or were given another role."""
    connection.execute("DELETE FROM team_members WHERE team_id = %s", [team.id])
    for name, role in IN_TEAM.items():
        if role is not None:
            row = [team.id, callers[name].id, role]
            connection.execute("INSERT INTO team_members (team_id, user_id, role) VALUES (%s, %s, %s)", row)


def test_every_operation_is_decided() -> None:
    """By a row, and no row is left of an operation that is gone."""
    assert {operation.operation_id for operation in all_operations()} == set(ROWS)


@pytest.mark.parametrize("operation", all_operations(), ids=lambda operation: operation.operation_id)
def test_who_is_let_in(
    operation: Operation,
    base_url: str,
    signed_in: dict[str, Person | None],
    team: Person,
    connection: psycopg.Connection[Any],
    put_object: Callable[[str, bytes], None],
) -> None:
    """As the table says; and who is told that there is no such thing hears what he would hear if there were none.

    Of a team's videos its members ask for the private one.
    """
    row, owner, friend = ROWS[operation.operation_id], signed_in["owner"], signed_in["friend"]
    assert owner is not None
    assert friend is not None
    of_owner = VISIBILITIES if any(name in operation.path for name in NAMES_OF_STAGE) else VISIBILITIES[:1]
    stage: Stage | None = None
    with httpx.Client(base_url=base_url, timeout=30) as client:
        for caller in (*CALLERS, *IN_TEAM):
            whose, visibilities = (team, ("private",)) if caller in IN_TEAM else (owner, of_owner)
            if stage is None or stage.owner is not whose or operation.method != "GET":
                # what the caller before was let in to may be gone
                _join(connection, signed_in, team)
                stage = Stage(whose, connection, put_object, [("READY", v) for v in visibilities], [friend.id])
                if reads_objects(operation.path):
                    stage.store()
            for visibility, video, track in zip(visibilities, stage.videos, stage.tracks, strict=True):
                found = _ask(client, operation, row, signed_in[caller], stage, team, video, track)
                verdict = _verdict(found)
                assert verdict == expected(operation, row.who, caller, visibility), (caller, visibility, found)
                if verdict in (NO_VIDEO, NO_PLAYLIST):
                    nothing = _ask(client, operation, row, signed_in[caller], stage, team, uuid4(), track)
                    assert _said(nothing) == _said(found), (caller, visibility)


@pytest.mark.parametrize("operation", [op for op in all_operations() if op.scope], ids=lambda op: op.operation_id)
def test_a_key_without_the_scope_is_refused(
    operation: Operation, base_url: str, callers: dict[str, Person | None], team: Person, stage: Stage
) -> None:
    """Whatever else it may do; also where anybody would be let in."""
    row, key = ROWS[operation.operation_id], callers[f"key without {operation.scope}"]
    with httpx.Client(base_url=base_url, timeout=30) as client:
        status, problem = _ask(client, operation, row, key, stage, team, stage.videos[0], stage.tracks[0])
    assert (status, problem["code"]) == (403, NO_SCOPE)
    assert operation.method == "HEAD" or f"`{operation.scope}`" in problem["detail"]


@pytest.mark.parametrize(
    "operation",
    [op for op in all_operations() if ROWS[op.operation_id].who in (Who.VIEWER, Who.GUESSER, Who.READER)],
    ids=lambda op: op.operation_id,
)
def test_what_a_suspended_account_has_is_for_nobody(
    operation: Operation, base_url: str, callers: dict[str, Person | None], team: Person, withheld: Stage
) -> None:
    """Whatever their visibility, and whomever they were shared with; as if there were none."""
    row = ROWS[operation.operation_id]
    with httpx.Client(base_url=base_url, timeout=30) as client:
        for caller in ("anonymous", "friend", "owner"):
            for video, track in zip(withheld.videos, withheld.tracks, strict=False):
                found = _ask(client, operation, row, callers[caller], withheld, team, video, track)
                assert _verdict(found) == (NO_PLAYLIST if row.who is Who.READER else NO_VIDEO), (caller, found)


def _ask(
    client: httpx.Client,
    operation: Operation,
    row: Row,
    caller: Person | None,
    stage: Stage,
    team: Person,
    video: UUID,
    track: UUID,
) -> tuple[int, dict[str, Any]]:
    """The status and, where it is a problem, the problem."""
    playlists = dict(zip(stage.videos, zip(stage.playlists, stage.items, strict=True), strict=True))
    playlist, item = playlists.get(video, (uuid4(), uuid4()))
    values = {
        "video_id": video,
        "playlist_id": playlist,
        "item_id": item,
        "track_id": track,
        "comment_id": uuid4(),
        "channel": stage.owner.id,
        "team_id": team.id,
        "user_id": caller.id if caller else uuid4(),
        "key_id": uuid4(),
        "session_id": uuid4(),
        "invitation_id": uuid4(),
        "passkey_id": uuid4(),
        "link_id": uuid4(),
        "provider_id": "work",
        "sound_id": "audio",
        "recipe": stage.plan.recipe,
        "rendition": stage.renditions[0],
        "index": 0,
        "sheet": 0,
        "extension": "jpg",
        "name": "original",
        **row.path,
    }
    headers = {
        **row.headers,
        **(caller.headers if caller else {}),
        **({"Content-Type": row.kind} if row.body is not None else {}),
    }
    content = row.body if isinstance(row.body, bytes) else None if row.body is None else msgspec.json.encode(row.body)
    url = operation.path.format(**values) + row.query
    # a stream of events goes on for an hour: no more is read than is looked at
    with client.stream(operation.method, url, headers=headers, content=content) as answer:
        if operation.method == "HEAD":  # which has no body to say why
            return answer.status_code, {"code": _OF_HEAD.get(answer.status_code, IN)}
        is_problem = answer.headers.get("content-type") == "application/problem+json"
        return answer.status_code, msgspec.json.decode(answer.read()) if is_problem else {}


def _verdict(answer: tuple[int, dict[str, Any]]) -> str:
    status, problem = answer
    assert status < 500 or status == 503, answer
    assert problem.get("code") not in ("validation_failed", "malformed_request", "unsupported_media_type"), answer
    code = problem.get("code", IN)
    return code if code in _REFUSALS else IN


def _said(answer: tuple[int, dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """All that a caller can tell apart."""
    status, problem = answer
    return status, {name: value for name, value in problem.items() if name != "request_id"}
