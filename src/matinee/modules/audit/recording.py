"""Recording what is done. Whoever changes something calls this with the connection of that very transaction."""

from uuid import UUID

import msgspec

from matinee.common.acting import actor
from matinee.common.database import Connection
from matinee.common.http.rate_limits import tally
from matinee.modules.audit import repository
from matinee.modules.audit.actions import Action

_WINDOW_SECONDS = 3600


async def record(
    db: Connection,
    what: Action,
    target: UUID | None = None,
    *,
    account: UUID | None = None,
    by: UUID | None = None,
    **detail: object,
) -> None:
    """Records what is done to the target; it is true when the transaction commits, and not otherwise.

    `account`: whom it concerns, who sees it among his own. `by`: the account that does it, where the request alone
    does not tell (signing in); all else about who does it, and from where, is known. `detail` is JSON and never holds
    a secret, nor an e-mail address: what is recorded outlives the account.
    """
    who = actor()
    if who.kind == "anyone" and by is not None:
        who = msgspec.structs.replace(who, kind="account", account_id=by)
    await repository.insert_event(db, who, what, target, account, msgspec.json.encode(detail).decode())


async def record_often(db: Connection, what: Action, account: UUID | None) -> None:
    """The same of what somebody may do without end: of an hour the 1st, 10th, 100th … time, with how many it were.

    Counted for each account and address, `account` None being all that there are not.
    """
    times = await tally(db, f"{what}:{account}:{actor().ip}", _WINDOW_SECONDS)
    if str(times).strip("0") == "1":
        await record(db, what, account, account=account, times=times)
