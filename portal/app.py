"""The page as a WSGI application."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import segno
from flask import Flask, Response, abort, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from portal.languages import Language, wished
from portal.profiles import MIME_TYPE, profile
from portal.published import Published
from portal.sessions import Sessions
from portal.sign_in import Answer, Doors

log = logging.getLogger("portal")

LONGEST_FORM = 16 * 1024  # bytes
LONGEST_WORD = 1024  # characters of an address or a password; Dovecot takes no more either

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # forms prove by it that they are ours
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}


class Directory(Protocol):
    """Who knows passwords."""

    def check(self, user: str, password: str, client: str) -> Answer:
        """Whether the password is the user's."""


@dataclass(frozen=True)
class Parts:
    """What the application stands on."""

    published: Callable[[], Published]
    directory: Directory
    sign: Callable[[bytes], bytes]
    authorities: Callable[[], list[bytes]]
    sessions: Sessions
    doors: Doors


def create_app(
    published: Callable[[], Published],
    directory: Directory,
    sign: Callable[[bytes], bytes],
    authorities: Callable[[], list[bytes]],
    key: bytes,
) -> Flask:
    """Make the application.

    ``sign`` signs profiles, ``authorities`` are the site's own CAs in DER, and ``key`` signs cookies.
    """
    app = Flask(__name__)
    app.config.update(SECRET_KEY=key, MAX_CONTENT_LENGTH=LONGEST_FORM, MAX_FORM_MEMORY_SIZE=LONGEST_FORM)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    parts = Parts(published, directory, sign, authorities, Sessions(), Doors())
    parts.sessions.install(app)
    CSRFProtect(app)
    app.before_request(_choose_language)
    app.after_request(_protect)
    app.context_processor(lambda: {"t": _language(), "title": _title(published)})
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _any_error)
    _add_door(app, parts)
    _add_pages(app, parts)
    return app


def _add_door(app: Flask, parts: Parts) -> None:
    """In and out."""

    @app.get("/")
    @app.get("/owa/")  # where users of Exchange look for it
    def start() -> AnyResponse:
        return redirect(url_for("settings"))

    @app.get("/sign-in")
    def sign_in() -> AnyResponse | str:
        if _user(parts):
            return redirect(url_for("settings"))
        return render_template("sign_in.html", again="again" in request.args)

    @app.post("/sign-in")
    def check_password() -> AnyResponse:
        user = request.form.get("user", "").strip().lower()
        stamp = parts.published().stamps.get(user, "")
        answer = _check(parts, user, request.form.get("password", ""))
        if answer is Answer.RIGHT:
            parts.sessions.begin(user, stamp)
            return redirect(url_for("settings"), 303)
        codes = {Answer.WRONG: 403, Answer.BUSY: 429, Answer.AWAY: 503}
        return make_response(render_template("sign_in.html", user=user, problem=answer.value), codes[answer])

    @app.post("/sign-out")
    def sign_out() -> AnyResponse:
        parts.sessions.end()
        return redirect(url_for("sign_in"), 303)


def _add_pages(app: Flask, parts: Parts) -> None:
    """What is behind the door."""

    @app.get("/options/account/settings")
    def settings() -> AnyResponse | str:
        user = _user(parts)
        if user is None:
            return redirect(url_for("sign_in", again=1))
        published = parts.published()
        return render_template("settings.html", shown=published.shown(user), address=published.address)

    @app.get("/profile/<protocol>.mobileconfig")
    def download(protocol: str) -> AnyResponse:
        user = _user(parts)
        if user is None:
            return redirect(url_for("sign_in", again=1))
        published = parts.published()
        if protocol not in published.shown(user).profiles:
            abort(404)
        made = profile(published.profiles[protocol], published.authority, parts.authorities(), user)
        answer = Response(parts.sign(made), mimetype=MIME_TYPE)
        answer.headers.set("Content-Disposition", "attachment", filename=f"{published.title}-{protocol}.mobileconfig")
        return answer

    @app.get("/page.svg")
    def code() -> AnyResponse:
        picture = io.BytesIO()
        segno.make(parts.published().address, error="m", micro=False).save(
            picture, kind="svg", scale=4, svgclass=None, lineclass=None
        )
        return Response(picture.getvalue(), mimetype="image/svg+xml")


def _user(parts: Parts) -> str | None:
    """Who is signed in, and may be so still, with the password of then."""
    user, published = parts.sessions.user(), parts.published()
    if user is None or user not in published.mailboxes:
        return None
    return user if parts.sessions.stamp() == published.stamps.get(user, "") else None


def _check(parts: Parts, user: str, password: str) -> Answer:
    client = request.remote_addr or ""
    if max(len(user), len(password)) > LONGEST_WORD or "\0" in user + password:
        user, password = "", ""
    with parts.doors.enter(client) as room:
        if not room:
            return Answer.BUSY
        answer = parts.directory.check(user, password, client)
    if answer is Answer.RIGHT and user not in parts.published().mailboxes:
        answer = Answer.WRONG
    if answer is not Answer.RIGHT:
        log.info("sign-in from %s: %s", client, answer.value)
    return answer


def _choose_language() -> None:
    g.language = wished(request.accept_languages)


def _protect(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=300"
    else:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Language"] = _language().tag
        response.vary.update(["Accept-Language", "Cookie"])
    return response


def _title(published: Callable[[], Published]) -> str:
    try:
        return published().title
    except (OSError, LookupError, TypeError, ValueError):  # the page that says so has no more to say
        return ""


def _language() -> Language:
    return g.language if "language" in g else wished(request.accept_languages)


def _http_error(error: HTTPException) -> AnyResponse:
    if error.code is not None and error.code < 400:
        return error.get_response()
    kind = "form" if isinstance(error, CSRFError) else "missing" if error.code == 404 else "wrong"
    return make_response(render_template("problem.html", kind=kind), error.code or 500)


def _any_error(error: Exception) -> AnyResponse:
    log.error("%s %s", request.method, request.path, exc_info=error)
    return make_response(render_template("problem.html", kind="wrong"), 500)
