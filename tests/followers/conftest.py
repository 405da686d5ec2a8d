"""The running board of the web's tests, for mail that is asked for on its pages."""

from tests.web.conftest import quick_site, site

__all__ = ["quick_site", "site"]
