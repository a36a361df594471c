"""How much there may be of subscriptions."""

MOST_SUBSCRIPTIONS = 1000  # of an account: so many channels a page of its feed looks at
MOST_NEW = 99  # of a channel: more are not counted
