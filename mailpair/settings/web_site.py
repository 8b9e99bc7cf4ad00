"""What front ends answer to browsers and to mail programs that look for their settings."""

from __future__ import annotations

from mailpair.settings.names import DOMAIN
from mailpair.settings.notation import BOOLEAN
from mailpair.settings.record import Answer, Group, Parameter

WEB_SITE = Group(
    "web_site",
    "What front ends answer over HTTPS: mail programs find their settings there. IIS does that for Exchange.",
    (
        Parameter(
            name="enabled",
            notation=BOOLEAN,
            default=False,
            answer=Answer.OURS,
            source="none; IIS always listens on a Client Access server of Exchange's",
            text=(
                "Whether front ends listen at 443 and 80. What users are told is then found at autoconfig. and "
                "autodiscover. of each accepted domain, and at the domain itself."
            ),
            test="tests/e2e/test_publications.py::test_before_publication_the_ports_are_closed",
            how="nginx, which has the answers as files",
        ),
        Parameter(
            name="host_name",
            notation=DOMAIN,
            unsaid="mail. and the first of accepted_domains",
            answer=Answer.OURS,
            source="none; Set-OwaVirtualDirectory -ExternalUrl names Exchange's page",
            text="The name of the page for users, https://HOST_NAME/.",
            test="tests/e2e/test_publications.py::test_the_page_s_name_is_a_place_of_its_own",
            how="a server of nginx's, and a name in the certificate",
        ),
    ),
)
