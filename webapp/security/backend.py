from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend


class Backend(ModelBackend):
    """Django's own, reading the user's role with the user."""

    def get_user(self, user_id: Any) -> Any:
        user = get_user_model().objects.select_related("access").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
