"""What the owners of accounts are written. No letter holds words that somebody chose: they might say anything."""

from matinee.common.mail.letters import LetterTemplate

REPLAYED = LetterTemplate(
    "A device was signed out of your account",
    """
What keeps one of your devices signed in was used a second time, from $ip. That happens when it was copied, and seldom
by accident. So the device was signed out, and whoever else held it with it.

If you have not restored a browser or a phone from a backup lately, choose a new password: that signs out every other
device.

[See your devices]($link)
""",
)
