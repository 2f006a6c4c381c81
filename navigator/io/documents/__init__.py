"""Documents: plan requests, plans, registrations, placements and points, checked at the border."""

from navigator.io.documents.jsonreading import load_json
from navigator.io.documents.jsontext import json_text, save_json
from navigator.io.documents.placement import (
    PlacementDocument,
    load_placement,
    located_template_to_json,
)
from navigator.io.documents.plan import (
    document_id,
    interval_to_json,
    margin_to_json,
    placement_to_json,
    plan_in_room_to_json,
    plan_to_json,
    verdict_to_json,
)
from navigator.io.documents.plan_reading import PlanDocument, RoomFields, load_plan
from navigator.io.documents.points import load_points_csv, save_points_csv
from navigator.io.documents.registration import (
    RegistrationDocument,
    load_registration,
    registration_to_json,
)
from navigator.io.documents.request import load_plan_request
from navigator.io.documents.request_fields import (
    Constraints,
    PlanRequest,
    RequestedLesion,
    RequestedPlacement,
    Sphere,
)
from navigator.io.documents.zones import load_zones

__all__ = [
    "Constraints",
    "PlacementDocument",
    "PlanDocument",
    "PlanRequest",
    "RegistrationDocument",
    "RequestedLesion",
    "RequestedPlacement",
    "RoomFields",
    "Sphere",
    "document_id",
    "interval_to_json",
    "json_text",
    "load_json",
    "load_placement",
    "load_plan",
    "load_plan_request",
    "load_points_csv",
    "load_registration",
    "load_zones",
    "located_template_to_json",
    "margin_to_json",
    "placement_to_json",
    "plan_in_room_to_json",
    "plan_to_json",
    "registration_to_json",
    "save_json",
    "save_points_csv",
    "verdict_to_json",
]
