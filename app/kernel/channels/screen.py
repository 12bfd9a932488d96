"""The demo's channel: nothing leaves, the outbox page shows the message."""

from app.kernel.channels import OutgoingMessage


class ScreenChannel:
    """Takes every message; the row itself is what the page shows."""

    async def deliver(self, message: OutgoingMessage) -> None:
        """Nothing to do: the message is shown from its row."""
