"""Tonnes in words, as official papers write them beside the figure."""

import cn2an
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def tonnes_in_words(tonnes: int) -> str:
    """Return an amount with its unit: in Chinese in capital figures, 1200 as 壹仟贰佰吨二氧化碳当量."""
    is_chinese = (get_language() or "").startswith("zh")
    words = cn2an.an2cn(str(tonnes), "up") if is_chinese else f"{tonnes:,}"
    return _("%(words)s tonnes of CO₂ equivalent") % {"words": words}
