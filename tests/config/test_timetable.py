"""Whatever beat rings for is there to be rung for."""

from config.celery import app


def test_every_task_of_the_timetable_is_known_to_the_workers():
    app.loader.import_default_modules()
    rung = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert rung - set(app.tasks) == set()
