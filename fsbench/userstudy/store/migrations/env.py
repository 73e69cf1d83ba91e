"""Alembic's entry: runs the migrations in the transaction that `migrate.upgrade` began."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
