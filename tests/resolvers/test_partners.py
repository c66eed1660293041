"""Agreements of two programmes: consent of both, links by members, exchanges in one transaction, statements by both ledgers."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.settlement.unit import Unit
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.partner_world import (
    BACK,
    JOINT,
    WAY,
    Partnership,
    missing_agreement,
    partnered,
    proposal,
    terms,
)
from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded, typed
from tests.resolvers.isolation import marks_of
from tests.resolvers.test_permissions import everything
from tests.support import Clock

AGREEMENTS = """{ partnerAgreements { nodes { id name state version isProposer isOfferOurs partnerName
    terms { ways { isOutgoing unitFrom take give price } } offeredTerms { ways { give } } } } }"""
STATEMENT = """query ($id: ID!, $month: String!) { partnerStatement(agreementId: $id, month: $month) {
    month currency net closedAt csv lines { version isOutgoing unitFrom unitTo exchanges members taken given amount } } }"""
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
async def pair(programme: MakeProgramme, clock: Clock) -> Partnership:
    """Linked, and with a hundred points."""
    clock.now = MARCH
    made = await partnered(programme)
    await made.link()
    await made.fund()
    return made


async def agreements(graphql: GraphQL, actor: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graphql.read(actor, AGREEMENTS))["partnerAgreements"]["nodes"]
    return found


# -- consent


async def test_an_agreement_is_in_force_once_both_consent(graphql: GraphQL, programme: MakeProgramme) -> None:
    made = await partnered(programme)
    (here,) = await agreements(graphql, made.here.operator)
    (there,) = await agreements(graphql, made.there.operator)

    assert here["state"] == there["state"] == "ACTIVE"
    assert (here["isProposer"], there["isProposer"]) == (True, False)
    assert (here["partnerName"], there["partnerName"]) == ("Books", "Coffee")
    assert here["terms"]["ways"][0]["isOutgoing"]
    assert not there["terms"]["ways"][0]["isOutgoing"]


async def test_a_proposal_is_seen_by_its_code_and_works_once(
    graphql: GraphQL, programme: MakeProgramme, clock: Clock
) -> None:
    clock.now = MARCH
    made = await partnered(programme)
    other = await programme({"units": [{"key": "pages"}]})
    proposed = await graphql.done(
        made.here.operator, "proposeAgreement", proposal(terms(WAY)), "proposalCode agreement { state }"
    )
    asked = "query ($code: String!) { partnerProposal(code: $code) { partnerName terms { ways { take } } offeredTerms { ways { take } } } }"
    shown = await graphql.read(other.operator, asked, {"code": proposed["proposalCode"].lower()})
    assert shown["partnerProposal"] == {
        "partnerName": "Coffee",
        "terms": None,
        "offeredTerms": {"ways": [{"take": 3}]},
    }
    own = await graphql.mutate(made.here.operator, "acceptAgreement", {"code": proposed["proposalCode"]})
    typed(own, "InvalidInputError", path="code")
    clock.advance(timedelta(days=14))
    late = await graphql.mutate(other.operator, "acceptAgreement", {"code": proposed["proposalCode"]})
    typed(late, "NotFoundError", path="code")
    clock.now = MARCH
    await graphql.done(other.operator, "acceptAgreement", {"code": proposed["proposalCode"]})
    again = await graphql.mutate(made.there.operator, "acceptAgreement", {"code": proposed["proposalCode"]})
    typed(again, "NotFoundError", path="code")


async def test_of_two_who_accept_at_once_one_does(graphql: GraphQL, programme: MakeProgramme) -> None:
    here = (await partnered(programme)).here
    others = [await programme({"units": [{"key": "pages"}]}) for _ in range(2)]
    proposed = await graphql.done(here.operator, "proposeAgreement", proposal(terms(WAY)), "proposalCode")

    answers = await asyncio.gather(
        *(
            graphql.mutate(one.operator, "acceptAgreement", {"code": proposed["proposalCode"]})
            for one in others
        )
    )

    kinds = sorted(succeeded(one)["acceptAgreement"]["__typename"] for one in answers)
    assert kinds == ["AgreementSuccess", "NotFoundError"]


async def test_changed_terms_need_consent_anew(graphql: GraphQL, pair: Partnership) -> None:
    better = terms({**WAY, "give": 3})
    stated = {"agreementId": pair.agreement, "terms": better}
    await graphql.done(pair.here.operator, "offerTerms", stated)
    (here,) = await agreements(graphql, pair.here.operator)
    assert (here["version"], here["isOfferOurs"], here["terms"]["ways"][0]["give"]) == (1, True, 2)
    assert succeeded(await pair.exchange(3))["exchangePoints"]["given"] == 2

    own = await graphql.mutate(pair.here.operator, "acceptTerms", stated)
    typed(own, "ConflictError", "AGREEMENT_STATE")
    seen = {"agreementId": pair.agreement, "terms": terms({**WAY, "isOutgoing": False, "give": 3})}
    other = {"agreementId": pair.agreement, "terms": terms({**WAY, "isOutgoing": False, "give": 4})}
    typed(await graphql.mutate(pair.there.operator, "acceptTerms", other), "ConflictError", "TERMS_MOVED")
    await graphql.done(pair.there.operator, "acceptTerms", seen)

    assert succeeded(await pair.exchange(3, "then"))["exchangePoints"]["given"] == 3


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        (terms(), "terms"),
        (terms({**WAY, "take": 0}), "terms.ways.take"),
        (terms({**WAY, "give": -1}), "terms.ways.give"),
        (terms({**WAY, "perMember": 0}), "terms.ways.perMember"),
        (terms({**WAY, "price": -1}), "terms.ways.price"),
        (terms(WAY, WAY), "terms.ways"),
        (terms({**WAY, "unitFrom": "nothing"}), "terms.ways"),
        (terms(WAY, campaigns=({**JOINT, "campaign": "nothing"},)), "terms.campaigns"),
    ],
)
async def test_terms_that_lie_are_refused(
    graphql: GraphQL, pair: Partnership, stated: dict[str, Any], path: str
) -> None:
    answer = await graphql.mutate(pair.here.operator, "proposeAgreement", proposal(stated))
    typed(answer, "InvalidInputError", path=path)


async def test_what_the_acceptor_does_not_have_is_refused_to_them_alone(
    graphql: GraphQL, pair: Partnership
) -> None:
    stated = proposal(terms({**WAY, "unitTo": "nothing"}))
    proposed = await graphql.done(pair.here.operator, "proposeAgreement", stated, "proposalCode")

    answer = await graphql.mutate(pair.there.operator, "acceptAgreement", {"code": proposed["proposalCode"]})

    typed(answer, "InvalidInputError", path="terms.ways")


# -- links


async def test_a_code_links_once_and_only_at_the_partners(
    graphql: GraphQL, programme: MakeProgramme, clock: Clock
) -> None:
    clock.now = MARCH
    made = await partnered(programme)
    outsider = await programme({"units": [{"key": "pages"}]})
    await outsider.join("zoe")
    ann, there = made.here.member_actor("ann"), made.there.member_actor("ann-of-books")
    on = {"agreementId": made.agreement}
    first = await graphql.done(ann, "createLinkCode", on, "linkCode")
    code = {"code": (await graphql.done(ann, "createLinkCode", on, "linkCode"))["linkCode"]}
    for actor, stated in (
        (there, {"code": first["linkCode"]}),
        (outsider.member_actor("zoe"), code),
        (made.here.member_actor("bob"), code),
        (there, {"code": "ABCDEFGH23456789"}),
    ):
        typed(await graphql.mutate(actor, "linkPartner", stated), "NotFoundError", path="code")
    clock.advance(timedelta(minutes=15))
    typed(await graphql.mutate(there, "linkPartner", code), "NotFoundError", path="code")
    clock.now = MARCH
    await graphql.done(there, "linkPartner", code)
    typed(await graphql.mutate(there, "linkPartner", code), "NotFoundError", path="code")
    typed(await graphql.mutate(ann, "createLinkCode", on), "ConflictError", "LINK_STATE")
    links = "{ partnerLinks { agreementId since sharesCampaigns } }"
    for actor in (ann, there):
        (found,) = (await graphql.read(actor, links))["partnerLinks"]
        assert found["agreementId"] == made.agreement


async def test_unlinking_ends_both_halves(graphql: GraphQL, pair: Partnership) -> None:
    there = pair.there.member_actor("ann-of-books")
    await graphql.done(there, "unlinkPartner", {"agreementId": pair.agreement})

    typed(await pair.exchange(3), "ConflictError", "LINK_STATE")
    for actor in (there, pair.here.member_actor("ann")):
        assert (await graphql.read(actor, "{ partnerLinks { since } }"))["partnerLinks"] == []
        again = await graphql.mutate(actor, "unlinkPartner", {"agreementId": pair.agreement})
        typed(again, "NotFoundError", path="agreementId")
    await pair.link()
    assert succeeded(await pair.exchange(3))["exchangePoints"]["given"] == 2


# -- exchanges


async def test_points_are_exchanged_once_with_their_cause(graphql: GraphQL, pair: Partnership) -> None:
    first = succeeded(await pair.exchange(10))["exchangePoints"]
    again = succeeded(await pair.exchange(10))["exchangePoints"]

    # Ten are stated; six are given for nine, and no more is taken.
    assert (first["given"], first["transfer"]["amount"], first["balance"]["active"]) == (6, -9, 91)
    assert first["transfer"]["cause"]["agreementId"] == pair.agreement
    assert (again["transfer"]["id"], again["replayed"]) == (first["transfer"]["id"], True)
    assert await pair.here.balance("ann", "beans") == 91
    assert await pair.there.balance("ann-of-books", "pages") == 6
    (received,) = await pair.there.transfers("ann-of-books", "pages")
    assert received.cause.actor is None
    typed(await pair.exchange(12), "IdempotencyConflictError")
    for one in (pair.here, pair.there):
        report = await VerificationService(one.services).verify(one.key)
        assert report.counts["partner exchanges"] == 1
        assert not report.differences


async def test_both_sides_are_told(graphql: GraphQL, pair: Partnership, mongo: Mongo) -> None:
    told = [mongo.collection(name) for name in ("member_feed", "backlog")]
    keys = (pair.here.key, pair.there.key)
    before = [await one.count_documents({"programme_id": key}) for key in keys for one in told]

    succeeded(await pair.exchange(3))

    after = [await one.count_documents({"programme_id": key}) for key in keys for one in told]
    assert all(now > then for now, then in zip(after, before, strict=True))


async def test_what_can_not_be_exchanged_is_said(graphql: GraphQL, pair: Partnership) -> None:
    ann = pair.here.member_actor("ann")
    typed(await pair.exchange(1), "InvalidInputError", path="amount", limit=2)
    typed(await pair.exchange(0), "InvalidInputError", path="amount")
    typed(await pair.exchange(-3), "InvalidInputError", path="amount")
    typed(await pair.exchange(1000), "InsufficientPointsError")
    typed(
        await graphql.mutate(ann, "exchangePoints", pair.stated(3, "k", "cups")),
        "InvalidInputError",
        path="unit",
    )
    unknown = {**pair.stated(3, "k"), "agreementId": missing_agreement()}
    typed(await graphql.mutate(ann, "exchangePoints", unknown), "NotFoundError", path="agreementId")
    typed(await pair.exchange(3, name="bob"), "ConflictError", "LINK_STATE")


@pytest.mark.parametrize("cap", ["perMember", "inAll"])
async def test_of_two_exchanges_at_the_cap_one_wins(programme: MakeProgramme, clock: Clock, cap: str) -> None:
    clock.now = MARCH
    made = await partnered(programme, {**WAY, cap: 30, "cycle": "DAILY"})
    await made.link()
    await made.fund()

    answers = [succeeded(one)["exchangePoints"] for one in await made.at_once(18, 18)]

    assert sorted(one["__typename"] for one in answers) == ["ConflictError", "ExchangePointsSuccess"]
    assert [one["code"] for one in answers if "code" in one] == ["EXCHANGE_LIMIT"]
    assert await made.here.balance("ann", "beans") == 82
    assert await made.there.balance("ann-of-books", "pages") == 12
    clock.advance(timedelta(days=1))
    assert succeeded(await made.exchange(18, "next day"))["exchangePoints"]["given"] == 12


async def test_many_at_once_with_one_key_act_once(pair: Partnership) -> None:
    answers = await asyncio.gather(*(pair.exchange(30) for _ in range(4)))

    assert sorted(succeeded(one)["exchangePoints"]["replayed"] for one in answers) == [
        False,
        True,
        True,
        True,
    ]
    assert await pair.here.balance("ann", "beans") == 70
    assert await pair.there.balance("ann-of-books", "pages") == 20


async def test_a_failure_between_the_two_books_leaves_both_as_they_were(
    pair: Partnership, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [await everything(mongo, one) for one in (pair.here, pair.there)]
    finish, finished = Unit.finish, list[str]()

    async def dies(unit: Unit) -> Any:
        settled = await finish(unit)
        finished.append(unit.space.catalogue.programme_id)
        if len(finished) == 1:
            return settled
        raise RuntimeError("dies here")

    with monkeypatch.context() as patched:
        patched.setattr(Unit, "finish", dies)
        assert (await pair.exchange(30)).errors

    assert finished == [pair.here.key, pair.there.key]
    assert [await everything(mongo, one) for one in (pair.here, pair.there)] == before
    assert succeeded(await pair.exchange(30))["exchangePoints"]["given"] == 20


async def test_consent_withdrawn_mid_way_wins_or_loses_whole(graphql: GraphQL, pair: Partnership) -> None:
    there = pair.there.member_actor("ann-of-books")
    exchanged, _ = await asyncio.gather(
        pair.exchange(30),
        graphql.mutate(there, "unlinkPartner", {"agreementId": pair.agreement}),
    )

    balances = (await pair.here.balance("ann", "beans"), await pair.there.balance("ann-of-books", "pages"))
    kind = succeeded(exchanged)["exchangePoints"]["__typename"]
    assert (kind, *balances) in (("ExchangePointsSuccess", 70, 20), ("ConflictError", 100, 0))
    typed(await pair.exchange(3, "after"), "ConflictError", "LINK_STATE")


async def test_either_side_ends_it(graphql: GraphQL, pair: Partnership) -> None:
    stated = {"agreementId": pair.agreement}
    for _ in range(2):
        await graphql.done(pair.there.operator, "endAgreement", stated)

    typed(await pair.exchange(3), "ConflictError", "AGREEMENT_STATE")
    ann = pair.here.member_actor("ann")
    typed(await graphql.mutate(ann, "createLinkCode", stated), "NotFoundError", path="agreementId")
    assert await agreements(graphql, ann) == []
    typed(
        await graphql.mutate(pair.here.operator, "offerTerms", {**stated, "terms": terms(WAY)}),
        "ConflictError",
        "AGREEMENT_STATE",
    )


async def test_an_account_that_takes_no_points_refuses_the_whole(graphql: GraphQL, pair: Partnership) -> None:
    banned = {"memberId": member_gid(pair.there, "ann-of-books"), "standing": "BANNED", "reason": "r"}
    await graphql.done(pair.there.moderator, "setMemberStanding", banned)

    typed(await pair.exchange(3), "ConflictError", "EXCHANGE_REFUSED")

    assert await pair.here.balance("ann", "beans") == 100


# -- who sees what


async def test_other_programmes_and_members_see_nothing(
    graphql: GraphQL, pair: Partnership, programme: MakeProgramme, mongo: Mongo
) -> None:
    succeeded(await pair.exchange(30))
    outsider = await programme()
    month = {"id": pair.agreement, "month": "2026-03"}
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for actor in (outsider.operator, outsider.service):
        assert await agreements(graphql, actor) == []
        assert (await graphql.read(actor, STATEMENT, month))["partnerStatement"] is None
        assert (await graphql.read(actor, node, {"id": pair.agreement}))["node"] is None
        for field, stated in (
            ("endAgreement", {"agreementId": pair.agreement}),
            ("acceptTerms", {"agreementId": pair.agreement, "terms": terms(WAY)}),
        ):
            result = await graphql.mutate(outsider.operator, field, stated)
            typed(result, "NotFoundError", path="agreementId")
    (seen,) = await agreements(graphql, pair.here.member_actor("ann"))
    assert seen["terms"]["ways"][0]["price"] is None
    refused(
        await graphql(pair.here.member_actor("ann"), STATEMENT, month), "FORBIDDEN", at="partnerStatement"
    )

    # Neither side is shown anybody of the other.
    marks = await marks_of(mongo, pair.there, pair.here)
    own = {pair.agreement}
    for actor in (pair.here.operator, pair.here.service):
        answers = [
            {"data": await graphql.read(actor, text, variables)}
            for text, variables in (
                (AGREEMENTS, {}),
                (STATEMENT, month),
                (
                    "query ($id: ID!) { member(id: $id) { ledger { nodes { id counterparty { id } cause { agreementId } } } } }",
                    {"id": member_gid(pair.here, "ann")},
                ),
            )
        ]
        for answer in answers:
            assert marks.in_answer(answer) <= own


# -- statements


async def test_a_month_is_stated_by_both_ledgers_and_frozen(
    graphql: GraphQL, programme: MakeProgramme, clock: Clock
) -> None:
    clock.now = MARCH
    made = await partnered(programme, WAY, BACK)
    await made.link()
    await made.link("bob", "bob-of-books")
    await made.fund()
    await made.fund("bob")
    for key, name in (("1", "ann"), ("2", "ann"), ("3", "bob")):
        succeeded(await made.exchange(30, key, name))
    back = made.stated(4, "back", "pages")
    await graphql.done(made.there.member_actor("ann-of-books"), "exchangePoints", back)
    month = {"id": made.agreement, "month": "2026-03"}

    here = (await graphql.read(made.here.operator, STATEMENT, month))["partnerStatement"]
    there = (await graphql.read(made.there.operator, STATEMENT, month))["partnerStatement"]

    # 60 pages at 5 fen for ten, less 4 beans at 1 fen.
    out, back_line = here["lines"]
    assert out == {
        "version": 1,
        "isOutgoing": True,
        "unitFrom": "beans",
        "unitTo": "pages",
        "exchanges": 3,
        "members": 2,
        "taken": 90,
        "given": 60,
        "amount": -30,
    }
    assert (back_line["taken"], back_line["given"], back_line["amount"]) == (4, 4, 4)
    assert (here["net"], there["net"], here["closedAt"]) == (-26, 26, None)
    assert here["csv"].splitlines()[1] == "2026-03,1,out,beans,pages,3,2,90,60,-30,CNY"
    assert there["csv"].splitlines()[1] == "2026-03,1,in,beans,pages,3,2,90,60,30,CNY"

    # Three months pass without a worker: each is closed once.
    clock.now = datetime(2026, 6, 1, 0, 59, tzinfo=UTC)
    closing = made.here.services.partners.statements
    await asyncio.gather(closing.close_due(), closing.close_due())
    listed = """query ($id: ID!) { node(id: $id) { ... on PartnerAgreement {
        statements { nodes { month net closedAt lines { taken } } } } } }"""
    for actor, net in ((made.here.operator, -26), (made.there.operator, 26)):
        shown = (await graphql.read(actor, listed, {"id": made.agreement}))["node"]["statements"]["nodes"]
        assert [(one["month"], one["net"]) for one in shown] == [("2026-04", 0), ("2026-03", net)]
        assert all(one["closedAt"] for one in shown)
    report = await VerificationService(made.here.services).verify(made.here.key)
    assert not [one for one in report.differences if "statement" in str(one) or "exchange" in str(one)]


async def test_verifying_finds_what_was_tampered_with(pair: Partnership, mongo: Mongo, clock: Clock) -> None:
    succeeded(await pair.exchange(30))
    clock.now = datetime(2026, 4, 2, tzinfo=UTC)
    await pair.here.services.partners.statements.close_due()
    verify = VerificationService(pair.here.services).verify
    assert not (await verify(pair.here.key)).differences

    query = {"programme_id": pair.there.key, "taken": False}
    await mongo.collection("partner_exchanges").update_one(query, {"$set": {"amount": 21}})
    await mongo.collection("partner_statements").update_one(
        {"programme_id": pair.here.key}, {"$set": {"net": 11}}
    )
    await mongo.collection("partner_uses").insert_one(
        {"_id": b"x" * 16, "programme_id": pair.here.key, "agreement_id": bytes(12), "used": 1}
    )

    found = " ".join(str(one) for one in (await verify(pair.here.key)).differences)
    assert "given at its rate" in found
    assert "net" in found


async def test_months_of_an_ended_agreement_are_closed_and_no_more(
    graphql: GraphQL, pair: Partnership, clock: Clock, mongo: Mongo
) -> None:
    clock.now = datetime(2026, 4, 5, tzinfo=UTC)
    await graphql.done(pair.here.operator, "endAgreement", {"agreementId": pair.agreement})
    clock.now = datetime(2026, 8, 5, tzinfo=UTC)
    await pair.here.services.partners.statements.close_due()
    rows = await mongo.collection("partner_statements").find({"programme_id": pair.here.key}).to_list(None)

    assert sorted(row["month"] for row in rows) == ["2026-03", "2026-04"]


# -- campaigns


async def test_taking_part_is_recorded_at_the_partners_once_by_consent(
    programme: MakeProgramme,
) -> None:
    made = await partnered(programme, WAY, joint=True)
    await made.link(shares=True)
    await made.link("bob", "bob-of-books")
    for name in ("ann", "ann", "bob"):
        await made.here.do("visit", name)
    for _ in range(2):
        await made.here.catch_up("partners")
        await made.there.catch_up("partners")

    # Once for the time that the campaign is on; Bob did not agree to it.
    assert await made.there.balance("ann-of-books", "pages") == 1000
    assert await made.there.balance("bob-of-books", "pages") == 0


async def test_what_was_done_after_unlinking_is_not_passed_on(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    made = await partnered(programme, WAY, joint=True)
    await made.link(shares=True)
    await graphql.done(made.here.member_actor("ann"), "unlinkPartner", {"agreementId": made.agreement})
    await made.here.do("visit", "ann")
    await made.here.catch_up("partners")

    assert await made.there.balance("ann-of-books", "pages") == 0


# -- privacy


async def test_erasing_one_side_unlinks_and_leaves_sums(
    graphql: GraphQL, pair: Partnership, mongo: Mongo
) -> None:
    succeeded(await pair.exchange(30))
    there = pair.there.member_actor("ann-of-books")
    await graphql.done(there, "eraseMember", {"confirmExternalId": "ann-of-books"})
    await pair.there.services.erasures.run_open()

    assert await mongo.collection("partner_links").count_documents({"member_id": pair.here.id_of("ann")}) == 0
    typed(await pair.exchange(3, "after"), "ConflictError", "LINK_STATE")
    month = {"id": pair.agreement, "month": "2026-03"}
    (line,) = (await graphql.read(pair.here.operator, STATEMENT, month))["partnerStatement"]["lines"]
    assert (line["taken"], line["given"]) == (30, 20)


async def test_a_link_goes_with_the_account_that_is_merged(graphql: GraphQL, pair: Partnership) -> None:
    stated = {
        "from": member_gid(pair.here, "ann"),
        "into": member_gid(pair.here, "bob"),
        "reason": "r",
        "idempotencyKey": "merge",
    }
    await graphql.done(pair.here.operator, "mergeMembers", stated)

    answer = succeeded(await pair.exchange(30, "merged", "bob"))["exchangePoints"]

    assert answer["given"] == 20
    assert await pair.there.balance("ann-of-books", "pages") == 20


async def test_an_export_has_links_and_exchanges(graphql: GraphQL, pair: Partnership) -> None:
    succeeded(await pair.exchange(30))
    found = {}
    for section in ("PARTNER_LINKS", "PARTNER_EXCHANGES"):
        asked = f"{{ exportMember(section: {section}) {{ nodes {{ data }} }} }}"
        found[section] = (await graphql.read(pair.here.member_actor("ann"), asked))["exportMember"]["nodes"]

    assert len(found["PARTNER_LINKS"]) == 1
    (exchanged,) = found["PARTNER_EXCHANGES"]
    assert exchanged["data"]["amount"] == 30
