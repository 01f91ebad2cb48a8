"""Posts to addresses that an operator configured, and to no place that they did not mean.

https only, and no private, loopback or link-local address, unless the host is listed; a listed loopback host may be
plain http. The name is resolved once, every address is checked, and the connection goes to the very address that was
checked: a name that resolves to another address a moment later changes nothing. Redirects are not followed, proxies of
the environment are not used, and of the answer only the status is read.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import httpx

from gateway.configuration.places import is_public, why_not

DEADLINE_SECONDS = 10.0  # for all of it: the name, the connection, the answer
CONNECT_SECONDS = 3.0  # to one address, so that another one may be tried

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NotSent(Exception):
    """It was not taken: no answer, another status than 2xx, or a place that is not allowed. The text says which."""


class Outbound:
    """Sends POST requests. `allow`: host names and addresses that may be private or loopback."""

    def __init__(
        self,
        allow: Collection[str] = (),
        *,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._allow = frozenset(host.lower() for host in allow)
        self._resolve = resolve or _resolved
        self._trust = trust or ssl.create_default_context()
        self._deadline_seconds = deadline_seconds

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Returns when it was answered with 2xx. Raises NotSent."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await self._post(httpx.URL(url), headers, body)
        except TimeoutError:
            raise NotSent(f"no answer within {self._deadline_seconds:g} s") from None

    async def look_up(self, url: str) -> Sequence[str]:
        """The addresses to which it may go now; nothing is sent. Raises NotSent where there are none."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._addresses(httpx.URL(url))
        except TimeoutError:
            raise NotSent(f"the name was not found within {self._deadline_seconds:g} s") from None

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        refused = why_not(str(url), self._allow)
        if refused:
            raise NotSent(refused)
        return await self._checked(url.host, url.port or (443 if url.scheme == "https" else 80))

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> None:
        for address in await self._addresses(url):
            try:
                status = await self._status(url, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent there
            except httpx.HTTPError as error:
                raise NotSent(f"no clear answer ({type(error).__name__})") from None
            if not 200 <= status < 300:
                raise NotSent(f"answered {status}")
            return
        raise NotSent("no connection")

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except OSError:
            raise NotSent("the name is not known") from None
        if host.lower() not in self._allow and not all(map(is_public, addresses)):
            raise NotSent("the name leads to an address that is not public, and is not listed in allow")
        return addresses

    async def _status(self, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> int:
        """Of the answer from this very address; the certificate is held against the name."""
        request = {**headers, "Host": url.netloc.decode("ascii")}
        async with (
            httpx.AsyncClient(
                verify=self._trust,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(self._deadline_seconds, connect=CONNECT_SECONDS),
            ) as client,
            client.stream(
                "POST",
                url.copy_with(host=address),
                content=body,
                headers=request,
                extensions={"sni_hostname": url.host},
            ) as answer,
        ):
            return answer.status_code


async def _resolved(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
