"""The catalogue of routes, one line a group; what is served and what `/openapi.json` says both come from here."""

from api import (
    routes_accounts,
    routes_comments,
    routes_notifications,
    routes_pages,
    routes_people,
    routes_photos,
    routes_status,
)

ROUTES = (
    *routes_accounts.ROUTES,
    *routes_people.ROUTES,
    *routes_photos.ROUTES,
    *routes_comments.ROUTES,
    *routes_notifications.ROUTES,
    *routes_pages.ROUTES,
    *routes_status.ROUTES,
)
