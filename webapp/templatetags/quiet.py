"""Tags of the page's head."""

from django import template
from django.utils.safestring import SafeString
from django_vite.templatetags.django_vite import vite_preload_asset

register = template.Library()


@register.simple_tag
def preload_quietly(path: str) -> SafeString:
    """Names an entry's files to the browser as `vite_preload_asset` does, but as nothing urgent: on a thin line they
    are fetched behind the stylesheet, which is all that the first paint waits for."""
    links: str = vite_preload_asset(path)
    return SafeString(links.replace("<link ", '<link fetchpriority="low" '))
