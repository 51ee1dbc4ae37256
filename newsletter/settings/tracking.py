"""The options of counting clicks; by default nothing is counted."""

from typing import Literal

from pydantic import Field

from newsletter.settings.kinds import Line, Options


class TrackingOptions(Options):
    """Whether it is counted which links readers follow. By default nothing is."""

    mode: Literal["none", "aggregate", "individual"] = Field(
        default="none",
        description="none: links are as written. aggregate: clicks per link, of nobody in"
        " particular. individual: by name too, of readers who agreed to it, and of nobody else.",
    )
    opens: bool = Field(
        default=False,
        description="An image that counts opens too, the same for everybody; not with none.",
    )
    never: tuple[Line, ...] = Field(
        default=(),
        description="Links that are not counted: addresses, or hosts with all that is under them;"
        " an issue may name more as uncounted.",
    )
