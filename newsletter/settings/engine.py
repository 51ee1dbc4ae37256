"""The options of the engine: one process sends, or several workers share a campaign."""

from typing import Literal

from pydantic import Field

from newsletter.settings.kinds import Options


class EngineOptions(Options):
    """Who sends: one process at a time, or workers that share each campaign (PostgreSQL)."""

    kind: Literal["local", "cluster"] = Field(
        default="local",
        description="cluster: every `newsletter worker` on a postgresql:// ledger takes parts;"
        " rates and quotas hold over all of them.",
    )
    timeout: float = Field(
        default=10,
        ge=1,
        le=86_400,
        description="Seconds of silence after which other workers take over a worker's part.",
    )
    parts: int = Field(
        default=64, ge=1, le=10_000, description="The most parts that a campaign is divided into."
    )
    smallest_part: int = Field(
        default=250, ge=1, description="Recipients below which nothing is divided further."
    )
