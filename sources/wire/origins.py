"""The origins to which a credential may go, and nobody else's."""

from collections.abc import Iterable
from urllib.parse import quote

from yarl import URL

from sources.faults import Refused

_MARKS = "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~"


class Origins:
    """The allowed origins of one source: that of its base_url, and the hosts that are listed beside it.

    A listed host ("files.example.com", "files.example.com:8443") has the scheme of base_url, so that nothing
    sent to an https source leaves in clear; a listed URL ("https://files.example.com") is taken as it is.
    """

    def __init__(self, base_url: str, others: Iterable[str] = ()) -> None:
        base = URL(base_url)
        listed = [URL(other if "://" in other else f"{base.scheme}://{other}") for other in others]
        self._allowed = {_origin(url) for url in (base, *listed)}
        self._starts = tuple(f"{url.origin()}/" for url in (base, *listed))

    def admit(self, url: str) -> str:
        """The URL as it is to be sent: untouched but for characters that no request line may hold.

        Judged by the parser that the transport uses, so that the two never see two hosts. Raises Refused where
        it leads elsewhere or names a user.
        """
        sendable = url
        if not (url.isascii() and url.isprintable()) or " " in url:
            sendable = quote(url, safe=_MARKS)
        if sendable.startswith(self._starts):  # the host ends at that slash for every parser
            return sendable
        try:
            target = URL(sendable, encoded=True)
            foreign = target.user is not None or target.password is not None or _origin(target) not in self._allowed
        except ValueError:
            raise Refused("the URL to send to is not one") from None
        if foreign:
            raise Refused(f"the host {target.host} is neither that of base_url nor in allowed_hosts")
        return sendable


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme.lower(), (url.host or "").lower(), url.port
