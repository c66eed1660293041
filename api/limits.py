"""What the settings say about limits and budgets, as the parts below take it."""

from dataclasses import fields
from pathlib import Path

from api.callers.budgets import BudgetPolicy, Budgets, Figures
from api.settings import Settings, SettingsError
from resolvers.documents.limits import Limits
from resolvers.documents.persisted import Manifest, ManifestError
from resolvers.policy import Introspection, Policy
from storage.rates import Bucket, Rates
from storage.redis import RedisStore


def document_limits(settings: Settings) -> Limits:
    """The limits of documents."""
    return Limits(**{field.name: getattr(settings, f"limit_{field.name}") for field in fields(Limits)})


def operation_policy(settings: Settings) -> Policy:
    """What operations may do. Raises: SettingsError for a manifest that can't be read."""
    return Policy(
        limits=document_limits(settings),
        compiled=settings.compiled_execution,
        introspection=Introspection(settings.introspection),
        query_timeout_s=settings.query_timeout_seconds,
        mutation_timeout_s=settings.mutation_timeout_seconds,
        persisted_queries=settings.persisted_queries,
        manifest=_manifest(settings.trusted_documents),
    )


def _manifest(path: Path | None) -> Manifest | None:
    if path is None:
        return None
    try:
        return Manifest.parse(path.read_bytes())
    except (OSError, ManifestError) as error:
        raise SettingsError(f"STARGUILD_TRUSTED_DOCUMENTS: {path}: {error}") from error


def budget_policy(settings: Settings) -> BudgetPolicy:
    """The budgets of callers."""
    return BudgetPolicy(
        members=Figures(
            _bucket(settings.requests_per_second, settings.requests_burst),
            _bucket(settings.cost_per_minute / 60, settings.cost_burst),
            settings.granting_per_minute,
        ),
        trusted=Figures(
            _bucket(settings.trusted_requests_per_second, settings.trusted_requests_burst),
            _bucket(settings.trusted_cost_per_minute / 60, settings.trusted_cost_burst),
            settings.trusted_granting_per_minute,
        ),
        wrong_tokens_per_minute=settings.wrong_tokens_per_minute,
    )


def make_budgets(settings: Settings, redis: RedisStore) -> Budgets:
    """The budgets of a process; one for all its transports."""
    return Budgets(Rates(redis), budget_policy(settings))


def _bucket(per_second: float, burst: int) -> Bucket | None:
    return Bucket(per_second, burst) if per_second else None
