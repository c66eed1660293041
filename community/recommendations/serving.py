"""What a member is shown: from what is stored, and asked anew of every kind what they may see, have not done and can afford."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.recommendations.learning import ALL, Groups, day_of, space_group
from community.recommendations.making import popular_for
from community.recommendations.model import (
    PEOPLE_LEAST,
    Basis,
    Candidate,
    Choices,
    Code,
    Kind,
    Shown,
    Stored,
)
from community.recommendations.ranking import candidates_of, diversified, explored, worth
from community.recommendations.repository import RecommendationRepository
from community.recommendations.sources import Offer, Person, Source
from community.recommendations.wording import Reason, text_of
from community.spaces.service import SpaceService
from gamification.kit.actors import Actor
from gamification.kit.errors import InvalidInput
from gamification.kit.records import evolve, record
from gamification.members.model import Member, Standing
from gamification.members.service import require_private
from gamification.programmes.service import ProgrammeService

FIRST_MAX = 50
_Scored = list[tuple[Candidate, float]]


@record(frozen=True, slots=True)
class Recommendation:
    """One thing that is shown: what it is, why, by code and in words, and how it was scored, above 0, to compare with the others
    beside it."""

    kind: Kind
    item: str
    thing: Any
    code: Code
    text: str
    score: float


class Serving:
    """For the member; staff and services see any member's, as the member would."""

    def __init__(
        self,
        repository: RecommendationRepository,
        programmes: ProgrammeService,
        spaces: SpaceService,
        groups: Groups,
        sources: Sequence[Source],
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._programmes = programmes
        self._spaces = spaces
        self._groups = groups
        self._sources = {one.kind: one for one in sources}
        self._now = now

    async def recommendations(
        self, actor: Actor, member: Member, kinds: Sequence[Kind] | None, first: int, locale: str | None
    ) -> list[Recommendation]:
        """The best of these kinds, or of all, in the order in which they are to be shown; `locale` is that of the words.

        Raises: Forbidden, InvalidInput.
        """
        require_private(actor, member)
        if not 1 <= first <= FIRST_MAX:
            raise InvalidInput(f"first is 1 to {FIRST_MAX}.", path=["first"], limit=FIRST_MAX)
        if member.is_gone or member.standing is Standing.BANNED:
            return []
        catalogue = await self._programmes.catalogue(actor.programme_id)
        settings, now = catalogue.settings, self._now()
        person = Person(
            member, await self._spaces.viewer_of(member), catalogue, now, locale or settings.locale
        )
        wanted = [kind for kind in dict.fromkeys(kinds or Kind) if kind in self._sources]
        choices = (await self._repository.choices([member.id])).get(member.id) or Choices(
            member.id, member.programme_id
        )
        stored = await self._repository.find(member.id) if choices.personalised else None
        candidates = await self._candidates(person, wanted, stored, choices)
        found = await asyncio.gather(
            *(self._sources[kind].offers(person, [one.item for one in candidates[kind]]) for kind in wanted)
        )
        offers = dict(zip(wanted, found, strict=True))
        scored: _Scored = []
        for kind in wanted:
            scored += [
                one
                for one in _scored(candidates[kind], offers[kind], kind)
                if not choices.hides(kind, one[0].item, now)
            ]
        chosen = self._chosen(person, scored, offers, first)
        shown = await self._worded(person, chosen, offers)
        if actor.is_member(member.external_id, member.former):
            await self._note(person, stored, shown)
        return shown

    async def _candidates(
        self, person: Person, kinds: Sequence[Kind], stored: Stored | None, choices: Choices
    ) -> dict[Kind, Sequence[Candidate]]:
        """What is stored; of who has nothing yet what is popular with who is like them, and of who wants nothing personal what is
        so with all."""
        if stored is not None:
            return {kind: stored.candidates.get(kind, ()) for kind in kinds}
        groups: list[str] = []
        if choices.personalised:
            found = await self._groups.of(person.catalogue, [person.member], person.now)
            groups = found[person.member.id]
        readable = person.viewer.readable
        wanted = [(kind, group) for kind in kinds for group in (ALL, *groups)]
        wanted += [(Kind.POST, space_group(key)) for key in readable if Kind.POST in kinds]
        lists = await self._repository.lists(person.catalogue.programme_id, wanted)
        made: dict[Kind, Sequence[Candidate]] = {}
        for kind in kinds:
            popular, like_them = popular_for(kind, lists, groups, readable, cold=choices.personalised)
            made[kind] = candidates_of(kind, popular, (), {}, (), like_them=like_them)
        return made

    def _chosen(
        self, person: Person, scored: _Scored, offers: Mapping[Kind, Mapping[str, Offer]], first: int
    ) -> _Scored:
        def group_of(one: Candidate) -> str | None:
            return offers[one.kind][one.item].group

        best = diversified(scored, group_of, first)
        taken = {(one.kind, one.item) for one, _ in best}
        rest = [one for one in scored if (one[0].kind, one[0].item) not in taken]
        drawn = [
            (evolve(one, basis=one.basis or Basis(Code.VARIETY)), score)
            for one, score in sorted(rest, key=lambda one: (one[0].kind.value, one[0].item))
        ]
        return explored(best, drawn, person.member.id, day_of(person.catalogue, person.now))

    async def _worded(
        self, person: Person, chosen: _Scored, offers: Mapping[Kind, Mapping[str, Offer]]
    ) -> list[Recommendation]:
        """Each with why: by rule where a rule speaks for it, else by what it was found by, as far as that may be told now."""
        seeds: dict[Kind, set[str]] = {}
        for one, _ in chosen:
            if one.basis is not None and one.basis.seed is not None:
                seeds.setdefault(one.kind, set()).add(one.basis.seed)
        names = {kind: await self._sources[kind].names(person, sorted(some)) for kind, some in seeds.items()}
        default, zone = person.catalogue.settings.locale, person.member.time_zone
        shown = []
        for one, score in chosen:
            offer = offers[one.kind][one.item]
            reason = reason_of(one, offer, names.get(one.kind, {}))
            if reason is not None:
                text = text_of(reason, one.kind, person.locale, default, zone)
                shown.append(Recommendation(one.kind, one.item, offer.thing, reason.code, text, score))
        return shown

    async def _note(self, person: Person, stored: Stored | None, shown: Sequence[Recommendation]) -> None:
        """Of each kind the first that is shown in a day, of whom anything is kept."""
        if stored is None:
            return
        member, day = person.member, person.now.date()
        by_kind: dict[Kind, list[Shown]] = {}
        for one in shown:
            if stored.shown_on.get(one.kind) != day:
                by_kind.setdefault(one.kind, []).append(Shown(one.kind, one.item, one.code, person.now))
        await self._repository.show(member.programme_id, member.id, day, by_kind)


def _scored(stored: Sequence[Candidate], offers: Mapping[str, Offer], kind: Kind) -> _Scored:
    """What may be shown of one kind: what is stored by its score, what a rule speaks for by how much that is on top."""
    known = {one.item: one for one in stored}
    found: _Scored = []
    unknown = len(stored)
    for item, offer in offers.items():
        candidate = known.get(item)
        if candidate is None:
            # Of what nothing is known the first in the programme's file comes first.
            candidate = Candidate(kind, item, worth(unknown))
            unknown += 1
        if candidate.basis is not None and candidate.basis.code is Code.UNANSWERED and not offer.still:
            candidate = evolve(candidate, basis=None)
        # Of nothing that is neither liked nor spoken for anything would be known.
        if reason_of(candidate, offer, None) is not None:
            found.append((candidate, candidate.score + offer.worth))
    return found


def reason_of(candidate: Candidate, offer: Offer, names: Mapping[str, str] | None) -> Reason | None:
    """Why, by what is so now; None where nothing is to be said. `names` of seeds that the member may see; None before they are
    known."""
    basis = candidate.basis
    if offer.reason is not None:
        return offer.reason
    if basis is None:
        return offer.plain
    if basis.code is Code.UNANSWERED:
        return Reason(basis.code, {"tag": basis.tag})
    if basis.code is Code.ALSO_CHOSEN:
        if names is None:
            return Reason(basis.code, {})
        if basis.seed is not None and basis.seed in names and basis.members >= PEOPLE_LEAST:
            return Reason(basis.code, {"seed": names[basis.seed]})
        return offer.plain or Reason(Code.VARIETY, {})
    if basis.code is Code.VARIETY:
        return offer.plain or Reason(Code.VARIETY, {})
    return Reason(basis.code, {})
