"""On PostgreSQL a large campaign has tables of its own: list partitions of the three large ones.

They are filled before they have an index or anybody sees them, which takes a third of the time,
and what is pruned of them gives its room back. Small campaigns share one partition: a table for
each would cost more than it saves.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from newsletter.delivery import DeliveryState
from newsletter.ledger.model import CampaignId
from newsletter.ledger.schema import PARTED

OWN_FROM = 10_000
"""Recipients from which on a campaign has tables of its own."""


def has_own(connection: Connection, recipients: int) -> bool:
    """Whether a campaign of so many is to have tables of its own."""
    return connection.dialect.name != "sqlite" and recipients >= OWN_FROM


def name_of(table: str, campaign: CampaignId) -> str:
    """What a campaign's own table is called."""
    return f"{table}_{int(campaign)}"


def make(connection: Connection, campaign: CampaignId) -> None:
    """Make them, without indices; nobody sees them yet.

    What is the same in each row is its column's default: it is not sent for each.
    """
    number = int(campaign)
    for table in PARTED:
        own = name_of(table, campaign)
        connection.exec_driver_sql(f"CREATE TABLE {own} (LIKE {table})")
        connection.exec_driver_sql(f"ALTER TABLE {own} ALTER campaign SET DEFAULT {number}")
    connection.exec_driver_sql(_QUEUED.format(n=number))


def index(connection: Connection, campaign: CampaignId) -> None:
    """Give them their indices."""
    connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")
    for words in _INDICES:
        connection.exec_driver_sql(words.format(n=int(campaign)))


def attach(connection: Connection, campaign: CampaignId) -> None:
    """Let them be seen. From here until the transaction ends no campaign's state can be changed.

    The server is told what they hold: until it looks by itself, it would go through a whole
    campaign for every group. A tenth of the usual sample does: the rows are alike, and the server
    looks again once they have changed.
    """
    number = int(campaign)
    connection.exec_driver_sql("SET LOCAL default_statistics_target = 10")
    for table in PARTED:
        connection.exec_driver_sql(f"ANALYZE {name_of(table, campaign)}")
    for table in PARTED:
        own = name_of(table, campaign)
        connection.exec_driver_sql(
            f"ALTER TABLE {table} ATTACH PARTITION {own} FOR VALUES IN ({number})"
        )


def of(connection: Connection, campaigns: Iterable[CampaignId]) -> list[str]:
    """The own tables of these campaigns, as far as they have any."""
    if connection.dialect.name == "sqlite":
        return []
    wanted = {name_of(table, campaign) for campaign in campaigns for table in PARTED}
    return [name for name in connection.exec_driver_sql(_LEAVES).scalars() if name in wanted]


_QUEUED = f"""
    ALTER TABLE delivery_{{n}} ALTER state SET DEFAULT '{DeliveryState.QUEUED}',
        ALTER attempts SET DEFAULT 0, ALTER deferrals SET DEFAULT 0, ALTER losses SET DEFAULT 0,
        ALTER doubted SET DEFAULT false"""
_INDICES = (
    "ALTER TABLE recipient_{n} ADD CONSTRAINT pk_recipient_{n} PRIMARY KEY (campaign, seq)",
    """ALTER TABLE recipient_{n} ADD CONSTRAINT uq_recipient_campaign_address_key_{n}
    UNIQUE (campaign, address_key)""",
    "ALTER TABLE delivery_{n} ADD CONSTRAINT pk_delivery_{n} PRIMARY KEY (campaign, seq)",
    """CREATE INDEX ix_delivery_retry_{n} ON delivery_{n} (campaign, next_at)
    WHERE state = 'deferred'""",
    "ALTER TABLE attempt_{n} ADD CONSTRAINT pk_attempt_{n} PRIMARY KEY (campaign, seq, n)",
)
"""As the migration names those of the tables that they become parts of."""
_LEAVES = f"""
    SELECT relid::regclass::text FROM unnest(ARRAY{list(PARTED)}) AS t (name),
        pg_partition_tree(t.name::regclass) WHERE isleaf"""  # noqa: S608  our own words
