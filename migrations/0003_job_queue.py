"""The job queue's own tables, as the pinned Procrastinate ships them."""

from procrastinate.schema import SchemaManager
from yoyo import step


def create_queue(connection):
    with connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())


steps = [step(create_queue)]
