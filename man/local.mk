# Manual pages.
dist_man_MANS += man/oxc.1
