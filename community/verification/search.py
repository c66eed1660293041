"""What texts and names are found by: what the rules of now make of them."""

from community.posts.repository import terms_to, written_from
from community.services import Services
from gamification.members.naming import names_of
from gamification.verification.report import Report


async def check_search(services: Services, programme_id: str, report: Report) -> None:
    """Each published text has its terms and no other has any; each member has their name's."""
    async for kind, row in services.kept.searches.stream(programme_id):
        report.count("texts found by terms")
        name = f"{kind} {row['_id'].hex()}"
        stored = row.get("search")
        if row["state"] != "published":
            if stored is not None:
                report.differs(f"{name}: it is {row['state']}, but can be found by its terms")
        elif stored != terms_to(written_from(row["written"]), row.get("options", ())):
            report.differs(f"{name}: it is not found by the terms of its text")
    async for member, names in services.stores.members.stream_names(programme_id):
        report.count("names found by terms")
        if names != (None if member.is_gone else names_of(member.display_name)):
            report.differs(f"member {member.id.hex()}: they are not found by their name")
