"""How is a Flink cluster asked something when more than one JobManager may answer?

Each JobManager serves REST: one that does not lead asks the leader. So whoever answers will do,
and one that does not answer, or knows no leader yet, is passed over.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request

from stack.process import StackError

#: What a JobManager says while nobody leads.
_NO_LEADER = 503
_SERVER_ERROR = 500
_ENDED_DISPATCHER = "RecipientUnreachableException"
#: How often an error inside is met before it counts, and the wait between, seconds.
_SERVER_ERRORS = 3
_AGAIN_S = 0.1


class RestError(StackError):
    """Flink did not answer, or answered with an error.

    Attributes
    ----------
    status
        HTTP status, None when there was no answer.
    """

    def __init__(self, line: str, tail: str = "", status: int | None = None) -> None:
        super().__init__(line, tail)
        self.status = status

    @property
    def is_between_leaders(self) -> bool:
        """Whether the same question may be answered when another JobManager leads."""
        # A JobManager that has just lost the lead says 500 for the dispatcher that it ended.
        unreachable = self.status == _SERVER_ERROR and _ENDED_DISPATCHER in self.tail
        return self.status in (None, _NO_LEADER) or unreachable


class _NotConnectedError(RestError):
    """Nobody listens: what was asked cannot have been done."""


class FlinkHttp:
    """The REST addresses of one cluster.

    Parameters
    ----------
    urls
        One for each JobManager, such as ``http://127.0.0.1:8081``.
    timeout_s
        Longest wait for one answer.

    Attributes
    ----------
    url
        That which answered last.
    """

    def __init__(self, urls: tuple[str, ...], timeout_s: float) -> None:
        self.urls = tuple(url.rstrip("/") for url in urls)
        self.url = self.urls[0]
        self._timeout_s = timeout_s
        # A proxy of the environment must never stand between this machine and itself.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Ask one JobManager after the other until one answers, beginning with the last that did.

        A question that meets an error inside the JobManager is asked again: it ends a request that
        waits for a job's details when these have grown too old meanwhile, with 500.

        Raises
        ------
        RestError
            The answer, if it is a refusal; else what the last one of them did.
        """
        for _ in range(_SERVER_ERRORS):
            try:
                return self._ask_all(method, path, body)
            except RestError as error:
                passing = error.status == _SERVER_ERROR and not error.is_between_leaders
                if method != "GET" or not passing:
                    raise
            time.sleep(_AGAIN_S)
        return self._ask_all(method, path, body)

    def _ask_all(self, method: str, path: str, body: bytes | None) -> bytes:
        first = self.urls.index(self.url)
        *others, last = self.urls[first:] + self.urls[:first]
        for url in others:
            try:
                return self._ask(url, method, path, body)
            except RestError as error:
                # To begin something twice is worse than to fail.
                once = method != "POST" or isinstance(error, _NotConnectedError)
                if not (error.is_between_leaders and once):
                    raise
        return self._ask(last, method, path, body)

    def _ask(self, url: str, method: str, path: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the address is our own setting
            url + path, data=body, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                answer = bytes(response.read())
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")[:2_000]
            raise RestError(
                f"Flink refused {method} {path} with {error.code}", text, error.code
            ) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            kind = _NotConnectedError if isinstance(reason, ConnectionRefusedError) else RestError
            raise kind(f"Flink does not answer at {url}: {error}") from None
        self.url = url
        return answer
