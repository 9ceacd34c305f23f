"""For the operator's programs: health and metrics. No person comes here, and nobody is signed in."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from hub.operations import health, metrics


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/health/live", "health_live", health_live)
    blueprint.add_url_rule("/health/ready", "health_ready", health_ready)
    blueprint.add_url_rule("/metrics", "metrics", show_metrics)


def health_live() -> ResponseReturnValue:
    """Return 200: this process answers. Nothing else is asked."""
    return {"live": True}


def health_ready() -> ResponseReturnValue:
    """Return each check as JSON; 503 if one of them is not well."""
    checks = health.check_all()
    is_ready = all(check.is_ok for check in checks.values())
    return {"ready": is_ready, "checks": {name: asdict(one) for name, one in checks.items()}}, 200 if is_ready else 503


def show_metrics() -> ResponseReturnValue:
    """Return the metrics to whoever bears `HUB_METRICS_TOKEN`; 404 where none is set."""
    allowed = metrics.is_operator(request.headers.get("Authorization", ""))
    if allowed is None:
        return Response(status=404)
    if not allowed:
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    return Response(metrics.expose(), content_type=metrics.CONTENT_TYPE)
