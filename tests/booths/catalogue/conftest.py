"""What these tests read, they read in English."""

import httpx
import pytest


@pytest.fixture
async def client(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The browser of one who asks for English."""
    client.headers["accept-language"] = "en"
    return client
