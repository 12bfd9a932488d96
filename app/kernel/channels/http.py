"""SMS and Zalo ZNS through an HTTP gateway: one POST of JSON with a bearer token."""

from app.kernel.channels import DeliveryFailed, OutgoingMessage

TIMEOUT_SECONDS = 20.0
LASTING = frozenset({400, 404, 410, 413, 422})


class HttpChannel:
    """Posts ``{"id", "to", "text", "subject", "locale"}``; any answer of 2xx counts as taken.

    The header ``Idempotency-Key`` is the same at every try of one message.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    async def deliver(self, message: OutgoingMessage) -> None:
        """Hand the message to the gateway. Raises DeliveryFailed; lasting when the gateway refuses its content."""
        key = f"outbox-{message.id}"
        body = {
            "id": key,
            "to": message.to_address,
            "text": message.body_text,
            "subject": message.subject,
            "locale": message.locale,
        }
        headers = {"Idempotency-Key": key}
        if self._token:  # a header without a value would not leave
            headers["Authorization"] = f"Bearer {self._token}"
        import httpx  # here, since it takes a twentieth of the start, and most installations have no gateway

        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
                answer = await client.post(self._url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"gateway: {type(error).__name__}") from error
        if not answer.is_success:
            raise DeliveryFailed(f"gateway answered {answer.status_code}", lasting=answer.status_code in LASTING)
