"""Who may see a video, by account and by token."""

from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import ANYBODY, Grant, Viewer
from matinee.modules.videos.access import GuardedFacts, may_change, may_see, seen
from matinee.modules.videos.errors import PasswordRequired, VideoNotFound
from matinee.modules.videos.rules import Visibility

VIDEO = uuid4()
OWNER, FRIEND, STRANGER = (Caller(uuid4(), "USER", uuid4()) for _ in range(3))
ADMIN = Caller(uuid4(), "ADMIN", uuid4())
PASSWORD = uuid4()
ALL: tuple[Visibility, ...] = ("public", "unlisted", "private", "signed", "password")


def video(visibility: Visibility, password_id: UUID | None = PASSWORD) -> GuardedFacts:
    return GuardedFacts(OWNER.user_id, visibility, [FRIEND.user_id], password_id, is_withheld=False)


def grant(**fields: object) -> Viewer:
    return Viewer(None, Grant(**{"video_id": VIDEO, "kinds": frozenset({"video"}), **fields}))  # type: ignore[arg-type]


def opened(viewer: Viewer) -> set[str]:
    return {visibility for visibility in ALL if may_see(viewer, VIDEO, video(visibility))}


class TestAccounts:
    def test_the_owner_administrators_and_whom_it_is_shared_with_see_it(self) -> None:
        assert all(opened(Viewer(caller)) == set(ALL) for caller in (OWNER, FRIEND, ADMIN))

    def test_all_others_see_what_is_open(self) -> None:
        assert opened(ANYBODY) == opened(Viewer(STRANGER)) == {"public", "unlisted"}

    def test_only_the_owner_and_administrators_change_it(self) -> None:
        changes = [may_change(caller, OWNER.user_id) for caller in (OWNER, ADMIN, FRIEND, STRANGER, None)]
        assert changes == [True, True, False, False, False]


class TestWithheld:
    def test_it_is_for_administrators_alone(self) -> None:
        """However somebody comes, and as if there were none."""
        for visibility in ALL:
            withheld = replace(video(visibility), is_withheld=True)
            for viewer in (ANYBODY, Viewer(FRIEND), Viewer(OWNER), grant(), grant(password_id=PASSWORD)):
                with pytest.raises(VideoNotFound):
                    seen(viewer, VIDEO, withheld)
            for viewer in (Viewer(ADMIN), grant(account=ADMIN)):
                assert seen(viewer, VIDEO, withheld) is withheld


class TestTokens:
    def test_one_for_whoever_holds_it_opens_what_is_signed_for_and_nothing_more_private(self) -> None:
        assert opened(grant()) == {"public", "unlisted", "signed"}

    def test_one_that_stands_for_an_account_opens_what_the_account_may_see(self) -> None:
        assert opened(grant(account=FRIEND)) == set(ALL)
        assert opened(grant(account=STRANGER)) == {"public", "unlisted"}

    def test_one_for_a_password_opens_until_the_password_changes(self) -> None:
        assert opened(grant(password_id=PASSWORD)) == {"public", "unlisted", "password"}
        assert opened(grant(password_id=uuid4())) == {"public", "unlisted"}

    def test_one_of_another_video_or_kind_opens_nothing(self) -> None:
        assert opened(grant(video_id=uuid4())) == opened(grant(kinds=frozenset({"thumbnail"}))) == set()

    def test_one_signed_by_another_account_than_the_owner_opens_nothing(self) -> None:
        assert opened(grant(issuer=STRANGER.user_id)) == set()
        assert opened(grant(issuer=OWNER.user_id)) == {"public", "unlisted", "signed"}

    def test_one_of_a_part_opens_no_pictures_and_files_which_show_the_whole(self) -> None:
        kinds = frozenset({"video", "thumbnail", "storyboard", "download"})
        for part in ({"start": 4.0}, {"end": 8.0}, {"max_height": 480}):
            viewer = grant(kinds=kinds, **part)
            assert [kind for kind in kinds if may_see(viewer, VIDEO, video("signed"), kind)] == ["video"]

    def test_who_comes_with_one_has_what_it_allows_and_nothing_besides(self) -> None:
        """Also an owner: a link that is tried out shows what its receiver will see."""
        viewer = Viewer(OWNER, Grant(VIDEO, frozenset({"thumbnail"})))
        assert opened(viewer) == set()


class TestRefusals:
    @pytest.mark.parametrize("visibility", ["private", "signed"])
    def test_what_is_not_for_somebody_is_as_what_does_not_exist(self, visibility: Visibility) -> None:
        for facts in (video(visibility), None):
            with pytest.raises(VideoNotFound):
                seen(ANYBODY, VIDEO, facts)

    def test_who_needs_a_password_is_told_so(self) -> None:
        with pytest.raises(PasswordRequired):
            seen(ANYBODY, VIDEO, video("password"))
