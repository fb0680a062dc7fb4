"""Motion files of many tools, one module each: is it one, and its people in AMASS's keys."""
