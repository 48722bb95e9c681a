"""Words for when the packages that talk to providers are missing."""

from __future__ import annotations

from telemetry_inject.llm.errors import SdkMissing


def missing_sdk(provider: str, error: ImportError) -> SdkMissing:
    """The error for a provider whose package cannot be imported."""
    missing = (error.name or "").partition(".")[0] or "a package"
    return SdkMissing(
        f"{provider}: the package {missing} is not installed",
        "Install it with `pip install 'telemetry-inject[llm]'`; --use-scripts works without.",
    )
