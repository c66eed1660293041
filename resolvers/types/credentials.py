"""Awards as Open Badges 3.0 credentials."""

from datetime import datetime

import strawberry

from gamification.credentials import model as domain


@strawberry.type(description="An award as a signed Open Badges 3.0 credential, for wallets and other sites.")
class BadgeCredential:
    model: strawberry.Private[domain.Signed]

    @strawberry.field(
        description="The credential: a compact JWT signed with Ed25519. It names the holder only by a salted hash."
    )
    def jwt(self) -> str:
        return self.model.jwt

    @strawberry.field(description="Where anyone who is given this address gets it, until it is revoked.")
    def url(self) -> str:
        return self.model.url

    @strawberry.field(description="The programme as its issuer.")
    def issuer_url(self) -> str:
        return self.model.issuer_url

    @strawberry.field(description="The status list that says whether it is revoked.")
    def status_list_url(self) -> str:
        return self.model.status_url

    @strawberry.field(description="When it was first made.")
    def issued_at(self) -> datetime:
        return self.model.credential.issued_at
