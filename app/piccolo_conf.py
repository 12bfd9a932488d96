"""Where Piccolo finds the engine and the apps (``PICCOLO_CONF=app.piccolo_conf``)."""

from piccolo.conf.apps import AppRegistry

from app.kernel.database import make_engine
from app.kernel.settings import settings

DB = make_engine(settings().database_url)

APP_REGISTRY = AppRegistry(
    apps=[
        "app.kernel.piccolo_app",
        "app.accounts.piccolo_app",
        "app.events.piccolo_app",
        "app.payments.piccolo_app",
        "booths.floorplan.piccolo_app",
        "booths.allocation.piccolo_app",
        "booths.catalogue.piccolo_app",
        "ticketing.sales.piccolo_app",
        "ticketing.checkin.piccolo_app",
        "app.judging.piccolo_app",
    ]
)
