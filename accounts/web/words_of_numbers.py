"""Tonnes in words, as official papers write them beside the figure."""

import cn2an
from django.utils.translation import gettext as _


def tonnes_in_words(tonnes: int) -> str:
    """Return an amount in Chinese capital figures with its unit, 1200 as 壹仟贰佰吨二氧化碳当量."""
    return _("%(words)s tonnes of CO₂ equivalent") % {"words": cn2an.an2cn(str(tonnes), "up")}
