"""One request to a Ray dashboard, and what it means when there is no answer."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trackboard.errors import NotFound, TrackboardError, Unavailable, UsageError
from trackboard.layout.reading import read_text
from trackboard.targets.ray.settings import RaySettings

_TOKEN_BYTES = 1 << 16
_REDIRECTS = range(300, 400)


@dataclass(frozen=True)
class Call:
    """What is asked."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_s: float = 10.0


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    body: bytes
    location: str = ""  # of a redirect

    def json(self) -> Any:
        """The body, decoded.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.body)

    @property
    def last_line(self) -> str:
        """The end of the body: of a traceback, what went wrong."""
        lines = self.body.decode(errors="replace").strip(". \r\n").splitlines()
        return lines[-1].strip() if lines else ""


Send = Callable[[Call], Answer]  # raises OSError or http.client.HTTPException without an answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another host."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def make_send(settings: RaySettings) -> Send:
    """How requests go out.

    Raises:
        UsageError: The file of certificates cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as exc:
        raise UsageError(
            f"ca_file = {settings.ca_file!r} holds no certificates that can be read: {exc}",
            hint="Write the path of the PEM file that the certificate of Ray's dashboard was signed with.",
        ) from exc
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), _NoRedirect()
    )

    def send(call: Call) -> Answer:
        request = urllib.request.Request(
            call.url, call.body, dict(call.headers), method=call.method
        )
        try:
            with opener.open(request, timeout=call.timeout_s) as response:
                return Answer(response.status, response.read())
        except urllib.error.HTTPError as exc:
            with exc:
                return Answer(exc.code, exc.read(), exc.headers.get("Location", ""))

    return send


def find_token(settings: RaySettings, variables: Mapping[str, str] = os.environ) -> str:
    """The token of the cluster, from where Ray's own client takes it; empty when there is none.

    Raises:
        UsageError: The file that was named cannot be read.
    """
    if not settings.token_file and (token := variables.get("RAY_AUTH_TOKEN", "").strip()):
        return token
    named = settings.token_file or variables.get("RAY_AUTH_TOKEN_PATH", "")
    path = os.path.expanduser(named or "~/.ray/auth_token")
    try:
        return read_text(path, "token of the Ray cluster", _TOKEN_BYTES).strip()
    except (NotFound, UsageError) as exc:
        if not named:
            return ""
        raise UsageError(
            exc.message, hint="Mend token_file in trackboard.toml, or RAY_AUTH_TOKEN_PATH."
        ) from exc


def explain_silence(address: str, where: str, exc: Exception) -> TrackboardError:
    """Why there was no answer at all, in words that say what to type.

    Args:
        address: Who was asked.
        where: The setting that names it, such as "[compute.gpu] in /w/trackboard.toml".
        exc: What happened.
    """
    reason = exc.reason if isinstance(exc, urllib.error.URLError) else exc
    if isinstance(reason, ssl.SSLCertVerificationError):
        return UsageError(
            f"the certificate of {address} is not trusted: {reason.verify_message}",
            hint=f'Write ca_file = "<PEM file of who signed it>" to {where}.',
        )
    if isinstance(reason, ssl.SSLError):
        return UsageError(
            f"{address} does not speak TLS as it was asked: {reason.reason or reason}",
            hint=f"If it has no certificate, write address = {_with('http', address)!r} to {where}.",
        )
    if isinstance(reason, http.client.HTTPException | ConnectionResetError):
        return UsageError(
            f"what answers at {address} does not speak HTTP: {reason}",
            hint=f"If it has a certificate, write address = {_with('https', address)!r} to {where};"
            " the port is that of Ray's dashboard, 8265 unless it was changed.",
        )
    return Unavailable(
        f"no Ray cluster answers at {address}: {_words(reason)}",
        hint=f"Is it up, and is that the address of its dashboard, as `ray start --head` prints it?"
        f" It comes from {where}.",
    )


def explain_refusal(address: str, where: str, answer: Answer) -> TrackboardError:
    """Why a request was refused, in words that say what to type."""
    if answer.status in (401, 403):
        what = "wants a token" if answer.status == 401 else "does not accept the token"
        return UsageError(
            f"the Ray cluster at {address} {what}: {answer.last_line}",
            hint="Type export RAY_AUTH_TOKEN=<the cluster's token>, or write token_file ="
            f' "<file with it>" to {where}; `ray get-auth-token` on its head node prints it.',
        )
    if answer.status in _REDIRECTS:
        return UsageError(
            f"{address} sends on to {answer.location or 'another address'}",
            hint=f"Write the address of Ray's dashboard itself to {where}.",
        )
    if answer.status == 413:
        return UsageError(
            f"the Ray cluster at {address} takes no upload of this size: {answer.last_line}",
            hint="Only trackboard's own code goes that way, less than a megabyte: raise the limit of what is"
            " in between, or name the dashboard itself.",
        )
    if answer.status < 500:
        return UsageError(
            f"what answers at {address} is not a Ray dashboard that runs jobs"
            f" (HTTP {answer.status}: {answer.last_line[:200]})",
            hint="Is the port right, and was Ray installed as ray[default] on the head node?"
            f" The address comes from {where}.",
        )
    return Unavailable(
        f"the Ray cluster at {address} could not answer: {answer.last_line[:500]}",
        hint="Ask again; its dashboard's log says more.",
    )


def _with(scheme: str, address: str) -> str:
    return f"{scheme}://{address.partition('://')[2]}"


def _words(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "timed out"
    return getattr(reason, "strerror", None) or str(reason)
