"""`applyProgramme` and the four mutations of one definition; all for operators."""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from gamification.programmes.definitions import Status
from gamification.programmes.document import Problem
from gamification.programmes.service import Applied
from resolvers.context import Info
from resolvers.errors import ConflictError, Error, InvalidInputError, NotFoundError
from resolvers.mutations.members import json_object
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.programme import (
    DefinitionChange,
    DefinitionKind,
    ProgrammeDefinition,
    change_of,
    definition_of,
)


@strawberry.type(description="One fault of a document, with its place.")
class DocumentFault:
    place: str = strawberry.field(description="Such as `rules.answer_upvoted.when`.")
    message: str = strawberry.field(description="What is wrong there.")


@strawberry.type(description="The document has faults; nothing was changed.")
class InvalidDocumentError(Error):
    faults: list[DocumentFault] = strawberry.field(description="All that were found.")

    @classmethod
    def of(cls, error: Any) -> Any:
        return cls(
            code=error.code,
            message=error.message,
            path=error.path,
            faults=[DocumentFault(place=place, message=message) for place, message in error.problems],
        )


class InvalidDocumentHandler(strawberry.ExceptionHandler[Problem, InvalidDocumentError]):
    """Faults of a document, with every place."""

    def handle(self, exception: Problem, **_: Any) -> InvalidDocumentError:
        shown: InvalidDocumentError = InvalidDocumentError.of(exception)
        return shown


@strawberry.input(description="A whole programme, as its file states it.")
class ApplyProgrammeInput:
    document: JSON = strawberry.field(
        description="The programme file as JSON; its key is the token's programme."
    )
    dry_run: bool = strawberry.field(default=False, description="Only say what would change.")


@strawberry.type(description="The programme is what the document states.")
class ApplyProgrammeSuccess:
    version: int = strawberry.field(description="The programme's version now, or as it would be.")
    changes: list[DefinitionChange] = strawberry.field(description="What differs from before, in file order.")
    dry_run: bool = strawberry.field(description="True where nothing was changed.")


ApplyProgrammeResult = Annotated[
    ApplyProgrammeSuccess | InvalidDocumentError | InvalidInputError | ConflictError,
    strawberry.union("ApplyProgrammeResult", description=RESULT),
]


@strawberry.input(description="One definition, whole.")
class DefinitionInput:
    kind: DefinitionKind = strawberry.field(description="What it defines.")
    definition: JSON = strawberry.field(description="As in the programme file, its key included.")
    dry_run: bool = strawberry.field(default=False, description="Only say what would change.")


@strawberry.input(description="Which definition.")
class DefinitionStatusInput:
    kind: DefinitionKind = strawberry.field(description="What it defines.")
    key: str = strawberry.field(description="Its key.")
    dry_run: bool = strawberry.field(default=False, description="Only say what would change.")


@strawberry.type(description="The definition is changed, and with it the programme's version.")
class DefinitionSuccess:
    definition: ProgrammeDefinition = strawberry.field(description="As it is now, or as it would be.")
    version: int = strawberry.field(description="The programme's version now, or as it would be.")
    changes: list[DefinitionChange] = strawberry.field(description="What differs from before.")
    dry_run: bool = strawberry.field(description="True where nothing was changed.")


DefinitionResult = Annotated[
    DefinitionSuccess | InvalidDocumentError | InvalidInputError | ConflictError | NotFoundError,
    strawberry.union("DefinitionResult", description=RESULT),
]


@strawberry.type
class ProgrammeMutations:
    @strawberry.mutation(
        description="Make the programme what a document states: all of it, or where anything is wrong, nothing. "
        "A definition that it no longer states is archived."
    )
    async def apply_programme(
        self, info: Info, input: Annotated[ApplyProgrammeInput, INPUT]
    ) -> ApplyProgrammeResult:
        applied = await info.context.services.programmes.apply(
            info.context.caller, input.document, dry_run=input.dry_run
        )
        return ApplyProgrammeSuccess(
            version=applied.version, changes=[change_of(c) for c in applied.changes], dry_run=applied.dry_run
        )

    @strawberry.mutation(description="Add a definition; a draft unless it states its status.")
    async def create_definition(
        self, info: Info, input: Annotated[DefinitionInput, INPUT]
    ) -> DefinitionResult:
        caller = info.context.caller
        body = json_object(input.definition, "definition") or {}
        applied = await info.context.services.programmes.create(
            caller, input.kind.value, body, dry_run=input.dry_run
        )
        return _success(applied, input.kind, str(body["key"]))

    @strawberry.mutation(description="Replace a definition; its status stays unless it states one.")
    async def update_definition(
        self, info: Info, input: Annotated[DefinitionInput, INPUT]
    ) -> DefinitionResult:
        caller = info.context.caller
        body = json_object(input.definition, "definition") or {}
        applied = await info.context.services.programmes.update(
            caller, input.kind.value, body, dry_run=input.dry_run
        )
        return _success(applied, input.kind, str(body["key"]))

    @strawberry.mutation(description="Let a definition take effect.")
    async def publish_definition(
        self, info: Info, input: Annotated[DefinitionStatusInput, INPUT]
    ) -> DefinitionResult:
        applied = await info.context.services.programmes.set_status(
            info.context.caller, input.kind.value, input.key, Status.PUBLISHED, dry_run=input.dry_run
        )
        return _success(applied, input.kind, input.key)

    @strawberry.mutation(description="Let a definition take effect no longer; what it granted stays.")
    async def archive_definition(
        self, info: Info, input: Annotated[DefinitionStatusInput, INPUT]
    ) -> DefinitionResult:
        applied = await info.context.services.programmes.set_status(
            info.context.caller, input.kind.value, input.key, Status.ARCHIVED, dry_run=input.dry_run
        )
        return _success(applied, input.kind, input.key)


def _success(applied: Applied, kind: DefinitionKind, key: str) -> DefinitionSuccess:
    definition = next(d for d in applied.catalogue.document.section(kind.value) if d.key == key)
    return DefinitionSuccess(
        definition=definition_of(kind, definition),
        version=applied.version,
        changes=[change_of(c) for c in applied.changes],
        dry_run=applied.dry_run,
    )
