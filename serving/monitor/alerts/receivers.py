"""Where alerts go: one webhook, Slack channel or mail server each.

`outbox` sends by them; `webhook` and `mail` implement them.
"""

from typing import Protocol

from serving.monitor.alerts.message import Message


class DeliveryError(Exception):
    """A receiver did not take a message; in one line, without secrets."""


class Receiver(Protocol):
    """Takes messages.

    Attributes:
      name: tells receivers apart in state, metrics and messages to people; holds no secret.
    """

    name: str

    def send(self, message: Message) -> None:
        """Delivers a message.

        Raises:
          DeliveryError: it was not taken.
        """
