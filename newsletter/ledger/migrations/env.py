"""What Alembic runs: always on a connection that the ledger opened."""

from alembic import context

from newsletter.ledger.schema import is_ours, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    include_name=is_ours,
)
context.run_migrations()
